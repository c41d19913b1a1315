package rows_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

const topic = rows.Topic("g-assignments")

// read applies messages that must all be readable.
func read(t rapid.TB, v *rows.View, messages ...record.Message) {
	t.Helper()
	for _, m := range messages {
		if err := v.Apply(m.Key, m.Value); err != nil {
			t.Fatal(err)
		}
	}
}

// describe writes down all that a view holds, for comparing.
func describe(v *rows.View) string {
	lines := []string{fmt.Sprintf("leader %q", text(v.Leader))}
	if v.Leader == nil {
		lines[0] = "no leader"
	}
	for task, a := range v.Tasks {
		lines = append(lines, fmt.Sprintf("task %q %q", task, text(a)))
	}
	for task, worker := range v.Pins {
		lines = append(lines, fmt.Sprintf("pin %q %q", task, worker))
	}
	for worker, d := range v.Drains {
		lines = append(lines, fmt.Sprintf("drain %q %q", worker, text(d)))
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n")
}

func text(m proto.Message) []byte {
	b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	return b
}

// full returns a view that holds something of each kind.
func full(t rapid.TB) *rows.View {
	v := rows.NewView()
	read(t, v,
		topic.Leader(&headwaterv1.Leader{Worker: "w1", Epoch: 7, Instance: "ab12", Url: "http://h:1", Protocol: 1}),
		topic.Task(rows.Task{"a/b", 3}, &headwaterv1.Assignment{Worker: "w1", Epoch: 7, Reason: "new task", Instance: "ab12"}),
		topic.Pin(rows.Task{"a/b", 3}, "w1"),
		topic.Drain("w/2", &headwaterv1.Drain{SinceUnixMs: 5, Reason: "upgrade"}),
	)
	return v
}

func TestRowsOnTheTopic(t *testing.T) {
	task := rows.Task{Connector: "a/b", N: 3}
	for _, c := range []struct {
		message record.Message
		key     string
		dead    bool
	}{
		{topic.Leader(&headwaterv1.Leader{Worker: "w"}), "leader", false},
		{topic.Leader(nil), "leader", true},
		{topic.Task(task, &headwaterv1.Assignment{}), "task/a/b/3", false},
		{topic.Task(task, nil), "task/a/b/3", true},
		{topic.Pin(task, "w"), "pin/a/b/3", false},
		{topic.Pin(task, ""), "pin/a/b/3", true},
		{topic.Drain("w:1", &headwaterv1.Drain{}), "drain/w:1", false},
		{topic.Drain("w:1", nil), "drain/w:1", true},
	} {
		if m := c.message; m.Topic != string(topic) || string(m.Key) != c.key || (m.Value == nil) != c.dead {
			t.Errorf("got %s %q, tombstone %v; want key %q, tombstone %v", m.Topic, m.Key, m.Value == nil, c.key, c.dead)
		}
	}
	if got := string(rows.TaskKey(task)); got != "task/a/b/3" {
		t.Errorf("key %q", got)
	}
}

// TestViewFollowsTheTopic writes any rows and tombstones and compares with what a map makes of them.
func TestViewFollowsTheTopic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "a/b", "a/b/0", "task", "pin/x", "é ", "drain", "leader"})
		v, want := rows.NewView(), map[string]string{}
		for range rapid.IntRange(0, 30).Draw(t, "records") {
			task := rows.Task{name.Draw(t, "connector"), rapid.IntRange(0, 2).Draw(t, "n")}
			worker, epoch := name.Draw(t, "worker"), rapid.Int64Range(0, 9).Draw(t, "epoch")
			gone := rapid.Bool().Draw(t, "gone")
			var m record.Message
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				m = topic.Task(task, unless(gone, &headwaterv1.Assignment{Worker: worker, Epoch: epoch}))
			case 1:
				m = topic.Pin(task, *unless(gone, &worker, new(string)))
			case 2:
				m = topic.Drain(worker, unless(gone, &headwaterv1.Drain{SinceUnixMs: epoch}))
			case 3:
				m = topic.Leader(unless(gone, &headwaterv1.Leader{Worker: worker, Epoch: epoch}))
			}
			want[string(m.Key)] = string(m.Value)
			if m.Value == nil {
				delete(want, string(m.Key))
			}
			read(t, v, m)
		}
		again := rows.NewView()
		for key, value := range want {
			read(t, again, record.Message{Key: []byte(key), Value: []byte(value)})
		}
		if describe(v) != describe(again) {
			t.Fatalf("in order:\n%s\ncompacted:\n%s", describe(v), describe(again))
		}
		if n := len(v.Tasks) + len(v.Pins) + len(v.Drains); v.Leader == nil && n != len(want) || v.Leader != nil && n+1 != len(want) {
			t.Fatalf("%d rows in %s, want %d", n, describe(v), len(want))
		}
	})
}

// unless returns m, or when gone the alternative, nil without one.
func unless[T any](gone bool, m *T, alternative ...*T) *T {
	switch {
	case !gone:
		return m
	case len(alternative) > 0:
		return alternative[0]
	}
	return nil
}

func TestRecordsThatAreSkipped(t *testing.T) {
	assignment := text(&headwaterv1.Assignment{Worker: "w0", Epoch: 3, Reason: "static"})
	number := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 5)
	for _, c := range []struct{ name, key, value, want string }{
		{"a corrupt task", "task/a/b/3", "\x0a\xff", "cannot parse"},
		{"text that is not UTF-8", "task/a/b/3", "\x0a\x01\xff", "invalid UTF-8"},
		{"a field of another type", "task/a/b/3", string(number), "its field worker is of another type"},
		{"a negative epoch", "task/a/b/3", string(text(&headwaterv1.Assignment{Epoch: -1})), "epoch -1"},
		{"a negative crash count", "task/a/b/3", string(text(&headwaterv1.Assignment{CrashCount: -2})), "crash count -2"},
		{"a task without number", "task/a", "", "has no number"},
		{"a corrupt pin", "pin/a/b/3", "x", "cannot parse"},
		{"a pin to nobody", "pin/a/b/3", "", "it names no worker"},
		{"a pin of no task", "pin/a", "", "has no number"},
		{"a corrupt drain", "drain/w/2", "\xff", "cannot parse"},
		{"a drain of nobody", "drain/", "", "names no worker"},
		{"a corrupt leader", "leader", "\xff", "cannot parse"},
		{"a leader without name", "leader", "", "it names no worker"},
		{"a leader before all", "leader", string(text(&headwaterv1.Leader{Worker: "w", Epoch: -1})), "epoch -1"},
		{"an unknown key", "hello", "", "no such kind of key"},
		{"an empty key", "", "", "no such kind of key"},
		{"an old leader", "leader", string(assignment), "one worker had all tasks"},
		{"an old task", "orders/api1", string(assignment), "no such kind of key"},
		{"an old task of connector task", "task/api1", string(assignment), "has no number"},
		{"an old task of connector task/x", "task/x/api1", string(assignment), `"api1" is not the number`},
		{"an old task of connector pin", "pin/api1", string(assignment), "has no number"},
		{"an old task of connector drain", "drain/api1", string(assignment), "its field since_unix_ms is of another type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := full(t)
			before := describe(v)
			err := v.Apply([]byte(c.key), []byte(c.value))
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Permanent {
				t.Fatalf("%v is no permanent fault", err)
			}
			if !strings.Contains(err.Error(), fmt.Sprintf("%q", c.key)) || !strings.Contains(strings.ReplaceAll(err.Error(), "\u00a0", " "), c.want) {
				t.Errorf("%q does not name the key %q and say %q", err, c.key, c.want)
			}
			if got := describe(v); got != before {
				t.Errorf("%s\nbecame\n%s", before, got)
			}
		})
	}
}

// TestFieldsOfLaterVersionsAreKept: a worker of this version passes on what one of the next wrote.
func TestFieldsOfLaterVersionsAreKept(t *testing.T) {
	value := text(&headwaterv1.Assignment{Worker: "w1", Epoch: 2})
	value = protowire.AppendString(protowire.AppendTag(value, 99, protowire.BytesType), "news")
	v := rows.NewView()
	read(t, v, record.Message{Key: []byte("task/a/0"), Value: value})
	a := v.Tasks[rows.Task{Connector: "a"}]
	if a.GetWorker() != "w1" || a.GetEpoch() != 2 {
		t.Errorf("got %v", a)
	}
	if got := topic.Task(rows.Task{Connector: "a"}, a).Value; string(got) != string(value) {
		t.Errorf("written back as %q, was %q", got, value)
	}
}

func TestTextThatIsNotUTF8IsWrittenReadably(t *testing.T) {
	a := &headwaterv1.Assignment{Worker: "w\xff1", Epoch: 4}
	v := rows.NewView()
	read(t, v, topic.Task(rows.Task{Connector: "a"}, a))
	if got := v.Tasks[rows.Task{Connector: "a"}]; got.GetWorker() != "w\uFFFD1" || got.GetEpoch() != 4 || a.GetWorker() != "w\xff1" {
		t.Errorf("got %v, the message given is %q now", got, a.GetWorker())
	}
}

func TestCloneStaysAsItIs(t *testing.T) {
	v := full(t)
	c := v.Clone()
	before := describe(v)
	read(t, v, topic.Leader(nil), topic.Drain("w/2", nil), topic.Pin(rows.Task{"a/b", 3}, "w9"),
		topic.Task(rows.Task{"a/b", 3}, &headwaterv1.Assignment{Worker: "w9"}), topic.Task(rows.Task{"new", 0}, &headwaterv1.Assignment{}))
	if got := describe(c); got != before {
		t.Errorf("the clone was\n%s\nand is\n%s", before, got)
	}
	if describe(v) == before {
		t.Error("the original did not go on")
	}
}

// FuzzApply feeds any record into a view that holds something. Nothing panics, a fault changes nothing, and whatever is
// accepted changes one row at most, which can be written and read again.
func FuzzApply(f *testing.F) {
	for _, key := range []string{"leader", "task/a/b/3", "pin/a/b/3", "drain/w/2", "orders/api1", "task/api1", "drain/api1", "\xff"} {
		f.Add([]byte(key), []byte{}, true)
		f.Add([]byte(key), text(&headwaterv1.Assignment{Worker: "w", Epoch: 1, Reason: "static"}), false)
		f.Add([]byte(key), text(&headwaterv1.Drain{SinceUnixMs: 4, Reason: "x"}), false)
	}
	f.Fuzz(func(t *testing.T, key, value []byte, tombstone bool) {
		if tombstone {
			value = nil
		}
		v := full(t)
		before := strings.Split(describe(v), "\n")
		err := v.Apply(key, value)
		after := strings.Split(describe(v), "\n")
		gone := slices.DeleteFunc(slices.Clone(before), func(s string) bool { return slices.Contains(after, s) })
		fresh := slices.DeleteFunc(slices.Clone(after), func(s string) bool { return slices.Contains(before, s) })
		if len(gone) > 1 || len(fresh) > 1 || err != nil && len(gone)+len(fresh) > 0 {
			t.Fatalf("%q=%q (%v): %q became %q", key, value, err, gone, fresh)
		}
		again := rows.NewView()
		rewrite(t, v, again)
		if describe(again) != describe(v) {
			t.Fatalf("%q came back as %q", describe(v), describe(again))
		}
	})
}

func rewrite(t *testing.T, from, to *rows.View) {
	if from.Leader != nil {
		read(t, to, topic.Leader(from.Leader))
	}
	for task, a := range from.Tasks {
		read(t, to, topic.Task(task, a))
	}
	for task, worker := range from.Pins {
		read(t, to, topic.Pin(task, worker))
	}
	for worker, d := range from.Drains {
		read(t, to, topic.Drain(worker, d))
	}
}
