package gossip

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/memberlist"
	"google.golang.org/protobuf/proto"

	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

func told(t *testing.T, m *headwaterv1.Member) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func node(name string, meta []byte) *memberlist.Node {
	return &memberlist.Node{Name: name, Addr: net.IPv4(10, 0, 0, 1), Port: 1, Meta: meta}
}

func TestADeathCountsWhenItStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &delegate{table: newTable("w0/i", slog.New(slog.DiscardHandler), nil)}
		for _, name := range []string{"w1/i", "w2/i"} {
			d.NotifyJoin(node(name, told(t, &headwaterv1.Member{Name: name[:2], Instance: "i"})))
			d.NotifyLeave(node(name, nil))
		}
		look := func(when string, w1, w2 State) {
			t.Helper()
			d.sweep(time.Now())
			if a, b := d.State("w1", "i"), d.State("w2", "i"); a != w1 || b != w2 {
				t.Errorf("%s: %s and %s, want %s and %s", when, a, b, w1, w2)
			}
		}
		look("at once", Suspect, Suspect)
		time.Sleep(watchInterval)
		d.NotifyJoin(node("w2/i", told(t, &headwaterv1.Member{Name: "w2", Instance: "i"})))
		look("after an objection", Suspect, Alive)
		time.Sleep(deathHold)
		look("after a while", Dead, Alive)
	})
}

// TestWhoStoodStillBuriesNobody: a process that did not run for three seconds finds all its timers ended.
func TestWhoStoodStillBuriesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &delegate{table: newTable("w0/i", slog.New(slog.DiscardHandler), nil)}
		d.NotifyJoin(node("w1/i", told(t, &headwaterv1.Member{Name: "w1", Instance: "i"})))
		time.Sleep(3 * time.Second)
		d.NotifyLeave(node("w1/i", nil))
		for begin := time.Now(); time.Since(begin) < recovery; time.Sleep(watchInterval) {
			d.sweep(time.Now())
			if s := d.State("w1", "i"); s != Suspect {
				t.Fatalf("%v after it ran again, w1 is %s", time.Since(begin), s)
			}
		}
		d.sweep(time.Now())
		if s := d.State("w1", "i"); s != Dead {
			t.Errorf("w1 is %s", s)
		}
	})
}

func TestWhatIsNotUnderstoodIsCountedAndLoggedOnce(t *testing.T) {
	var logs bytes.Buffer
	got := 0
	d := &delegate{table: newTable("w0/i", slog.New(slog.NewTextHandler(&logs, nil)), func(proto.Message) { got++ })}
	for _, b := range [][]byte{nil, {}, {99}, {saidReleased, 0xff}, {0, 1, 2}} {
		d.NotifyMsg(b)
	}
	if d.Garbage() != 5 {
		t.Errorf("%d messages were counted, want 5", d.Garbage())
	}
	d.NotifyJoin(node("w1/i", []byte{0xff, 0xff}))
	d.NotifyJoin(node("no instance", nil))
	d.NotifyJoin(node("w2/i", told(t, &headwaterv1.Member{Name: "w3", Instance: "i"})))
	if d.Garbage() != 8 {
		t.Errorf("%d were counted, want 8", d.Garbage())
	}
	for _, name := range []string{"w1", "w2"} {
		if s := d.State(name, "i"); s != Alive {
			t.Errorf("%s is %s although it is there", name, s)
		}
	}
	if n := strings.Count(logs.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings: %s", n, logs.String())
	}
	d.NotifyMsg([]byte{saidGoodbye})
	d.NotifyMsg(append([]byte{saidGoodbye}, "nobody/i"...))
	d.NotifyMsg([]byte{saidReleased})
	if got != 1 || d.Garbage() != 8 {
		t.Errorf("%d released and %d not understood", got, d.Garbage())
	}
}

func TestANewerWorkerIsTaken(t *testing.T) {
	d := &delegate{table: newTable("w0/i", slog.New(slog.DiscardHandler), nil)}
	meta := told(t, &headwaterv1.Member{Name: "w1", Instance: "i", Protocol: 99})
	meta = append(meta, 0xa2, 0x06, 3, 'n', 'e', 'w') // field 100
	d.NotifyJoin(node("w1/i", meta))
	if p := d.peers(nil)[1]; p.State != Alive || p.Member.GetProtocol() != 99 || d.Garbage() != 0 {
		t.Errorf("it is %s with %v, %d not understood", p.State, p.Member, d.Garbage())
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	d := &delegate{table: newTable("w0/i", slog.New(slog.DiscardHandler), nil)}
	for i := range mostPeers {
		d.records[string(rune(i))+"/i"] = &record{}
	}
	if err := d.NotifyAlive(node("w1/i", nil)); err == nil {
		t.Error("one more was taken")
	}
	if err := d.NotifyAlive(node("\x01/i", nil)); err != nil {
		t.Errorf("one that is known was refused: %v", err)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte{saidReleased, 0x0a, 1, 'c'}, "w1/i", []byte{0x0a, 1, 'n'})
	f.Fuzz(func(_ *testing.T, message []byte, name string, meta []byte) {
		d := &delegate{table: newTable("w0/i", slog.New(slog.DiscardHandler), func(proto.Message) {})}
		d.NotifyMsg(message)
		n := node(name, meta)
		_ = d.NotifyAlive(n)
		d.NotifyJoin(n)
		d.NotifyUpdate(n)
		d.NotifyLeave(n)
		d.NotifyMsg(append([]byte{saidGoodbye}, name...))
		d.peers(&headwaterv1.Member{})
	})
}
