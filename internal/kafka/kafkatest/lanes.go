package kafkatest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/kafka"
)

const laneCount = 15

// hand is a member of a group of lanes, with a wire of its own.
type hand struct {
	*kafka.Lanes
	name string
	wire *wire
}

func (b bundle) lanes(name string) kafka.LanesConfig {
	return kafka.LanesConfig{
		Group: b.name, Topic: b.name, Partitions: laneCount, ClientID: name, SessionTimeout: session,
		HeartbeatInterval: 300 * time.Millisecond,
	}
}

func (b bundle) hand(t *testing.T, name string) *hand {
	t.Helper()
	w := &wire{}
	cluster, err := kafka.NewCluster(kafka.Config{Seeds: []string{b.bootstrap}, Dial: w.dial})
	if err != nil {
		t.Fatal(err)
	}
	l, err := cluster.JoinLanes(b.ctx, b.lanes(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return &hand{l, name, w}
}

// spread waits until these have all lanes, each one once and all about as many, as they and the broker see it.
func (b bundle) spread(t *testing.T, all ...*hand) (took time.Duration) {
	t.Helper()
	admin := b.admin(t)
	start := time.Now()
	for {
		of, settled, err := admin.LanesOf(b.ctx, b.name)
		if err != nil {
			t.Fatal(err)
		}
		if settled && len(of) == len(all) && even(all, of) {
			return time.Since(start)
		}
		tick(t, b.ctx)
	}
}

func even(all []*hand, of map[string][]int32) bool {
	var held []int32
	for _, h := range all {
		mine := h.Assigned()
		if !slices.Equal(mine, of[h.name]) || len(mine) < laneCount/len(all) || len(mine) > (laneCount+len(all)-1)/len(all) {
			return false
		}
		held = append(held, mine...)
	}
	slices.Sort(held)
	return len(held) == laneCount && len(slices.Compact(held)) == laneCount
}

func (b bundle) admin(t *testing.T) *kafka.Admin {
	t.Helper()
	admin, err := b.cluster.Admin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return admin
}

// lanesAreSpread: evenly, a newcomer takes only what it must, and who leaves or is evicted leaves its lanes at once.
func lanesAreSpread(t *testing.T, b bundle) {
	b.topic(t, "", laneCount, nil)
	one, two := b.hand(t, "w1"), b.hand(t, "w2")
	b.spread(t, one, two)
	before := map[*hand][]int32{one: one.Assigned(), two: two.Assigned()}
	changed := one.Changed()
	three := b.hand(t, "w3")
	t.Logf("spread over three after %v", b.spread(t, one, two, three))
	<-changed
	for h, had := range before {
		for _, p := range h.Assigned() {
			if !slices.Contains(had, p) {
				t.Errorf("%s had %v and got %v when another came", h.name, had, h.Assigned())
			}
		}
	}
	start := time.Now()
	two.Close()
	b.spread(t, one, three)
	t.Logf("spread over two %v after Close", time.Since(start))
	if took := time.Since(start); took >= session-time.Second {
		t.Errorf("it took %v: the session timeout was waited for", took)
	}
	b.evicted(t, one, three)
}

// evicted cuts the second, evicts it, and lets it come back.
func (b bundle) evicted(t *testing.T, one, three *hand) {
	t.Helper()
	admin := b.admin(t)
	three.wire.isCut.Store(true)
	start := time.Now()
	for range 2 { // the second finds nobody
		if err := admin.EvictLanes(b.ctx, b.name, three.name); err != nil {
			t.Fatal(err)
		}
	}
	b.spread(t, one)
	t.Logf("all lanes were the survivor's %v after EvictLanes", time.Since(start))
	if took := time.Since(start); took >= session-time.Second {
		t.Errorf("it took %v: the session timeout was waited for", took)
	}
	three.wire.isCut.Store(false)
	start = time.Now()
	b.spread(t, one, three)
	t.Logf("back in the group %v after the wire was mended", time.Since(start))
}

// lanesCommit: what is committed is in the group's offsets, of lanes that are one's own.
func lanesCommit(t *testing.T, b bundle) {
	topic := b.topic(t, "", laneCount, nil)
	one, two := b.hand(t, "w1"), b.hand(t, "w2")
	b.spread(t, one, two)
	for i, h := range []*hand{one, two} {
		all := map[int32]int64{}
		for p := range int32(laneCount) {
			all[p] = int64(100*(i+1)) + int64(p) // a number that tells who committed it
		}
		if err := h.Commit(b.ctx, all); err != nil {
			t.Fatal(err)
		}
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	offsets, err := kadm.NewClient(cl).FetchOffsets(b.ctx, b.name)
	if err != nil {
		t.Fatal(err)
	}
	for p := range int32(laneCount) {
		want := int64(100) + int64(p)
		if slices.Contains(two.Assigned(), p) {
			want += 100
		}
		if o, ok := offsets.Lookup(topic, p); !ok || o.Err != nil || o.At != want {
			t.Errorf("lane %d is committed at %d (%v), want %d", p, o.At, o.Err, want)
		}
	}
	one.Close()
	if err := one.Commit(b.ctx, map[int32]int64{0: 1}); err != nil {
		t.Errorf("a commit without lanes: %v", err)
	}
}

// lanesLeaveWaiting: one is cut, another comes, and the group waits for the first. Who closes meanwhile does not wait.
func lanesLeaveWaiting(t *testing.T, b bundle) {
	b.topic(t, "", laneCount, nil)
	one, gone := b.hand(t, "w1"), b.hand(t, "w2")
	b.spread(t, one, gone)
	gone.wire.isCut.Store(true)
	three := b.hand(t, "w3")
	time.Sleep(time.Second) // w1 has noticed and joins
	start := time.Now()
	three.Close()
	one.Close()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("two members left a group that waits for a third in %v", took)
	}
	of, _, err := b.admin(t).LanesOf(b.ctx, b.name)
	if _, there := of["w2"]; err != nil || len(of) > 1 || len(of) == 1 && !there {
		t.Errorf("members left: %v, %v", of, err)
	}
	gone.wire.isCut.Store(false)
	b.spread(t, gone)
}

// lanesNeedTheirTopic: with as many partitions as items were put into.
func lanesNeedTheirTopic(t *testing.T, b bundle) {
	if _, err := b.cluster.JoinLanes(b.ctx, b.lanes("w1")); err == nil || fault.KindOf(err) != fault.Fatal {
		t.Errorf("joined without a topic: %v", err)
	}
	b.topic(t, "", laneCount+1, nil)
	if _, err := b.cluster.JoinLanes(b.ctx, b.lanes("w1")); err == nil || fault.KindOf(err) != fault.Fatal || !strings.Contains(err.Error(), "16 partitions") {
		t.Errorf("joined with 16 partitions: %v", err)
	}
}
