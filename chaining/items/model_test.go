package items

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/headwater/headwater/chaining"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// model is a queue in memory, the lane that tails it behind time, and what the lane should know: all announcements that it
// was told of, and all progress, since it writes that itself.
type model struct {
	lane      *Lane
	log       []Entry
	told      int // how much of log the lane was told of
	announced map[int]*headwaterv1.Announcement
	at        map[int]int64
	progress  map[int]*headwaterv1.Progress
	now       int64
}

const kinds = 12 // items of child 2

func (m *model) append(e Entry) {
	e.At = int64(len(m.log))
	m.log = append(m.log, e)
}

// state is what the design says, in as few words as possible.
func (m *model) state(n int) State {
	a, p := m.announced[n], m.progress[n]
	switch {
	case a == nil:
		return Gone
	case p == nil || p.Serves != a.Emission:
		return Waiting
	}
	return map[headwaterv1.Progress_State]State{0: Waiting, 1: Active, 2: Idle, 3: Failed, 4: Ended}[p.State]
}

// due is when a crawled item is due; 0 when not by itself.
func (m *model) due(n int) int64 {
	p := m.progress[n]
	switch s := m.state(n); {
	case s == Active || s == Failed:
		return cmp.Or(p.NotBeforeUnixMs, p.UnixMs)
	case s == Idle:
		return p.NotBeforeUnixMs
	}
	return 0
}

// order is all items that are planned.
func (m *model) order() []int {
	var out []int
	for n := range kinds {
		if m.state(n) == Waiting || m.due(n) != 0 {
			out = append(out, n)
		}
	}
	rank := func(n int) int64 {
		if m.state(n) == Waiting {
			return m.at[n] - 1e12
		}
		return m.due(n)
	}
	slices.SortFunc(out, func(a, b int) int {
		ia, ib := id(2, a), id(2, b)
		return cmp.Or(cmp.Compare(rank(a), rank(b)), bytes.Compare(ia[:], ib[:]))
	})
	return out
}

// parent announces an item, or forgets it.
func (m *model) parent(t *rapid.T) {
	n := rapid.IntRange(0, kinds-1).Draw(t, "item")
	e := announce(n, int64(rapid.IntRange(1, 3).Draw(t, "emission")), 0)
	if rapid.IntRange(0, 4).Draw(t, "forget") == 0 {
		e.Value = nil
	}
	m.append(e)
}

// tail tells the lane of some more records.
func (m *model) tail(t *rapid.T) {
	upTo := rapid.IntRange(m.told, len(m.log)).Draw(t, "up to")
	part := m.log[m.told:upTo]
	if _, err := m.lane.Apply(part); err != nil {
		t.Fatal(err)
	}
	for _, e := range part {
		n := slices.IndexFunc(every(), func(n int) bool { return id(2, n) == e.Key.ID })
		if e.Key.Kind != chaining.Announced {
			continue
		}
		delete(m.announced, n)
		if e.Value != nil {
			m.announced[n], m.at[n] = &headwaterv1.Announcement{}, e.At
			_ = proto.Unmarshal(e.Value, m.announced[n])
		}
	}
	m.told = upTo
}

// crawl commits a progress of any item, and sometimes the record is in the lane's hands first.
func (m *model) crawl(t *rapid.T) {
	n := rapid.IntRange(0, kinds-1).Draw(t, "item")
	m.now += int64(rapid.IntRange(1, 100).Draw(t, "passes"))
	p := &headwaterv1.Progress{
		Serves: m.announced[n].GetEmission(), State: headwaterv1.Progress_State(rapid.IntRange(0, 4).Draw(t, "state")),
		Revision: m.progress[n].GetRevision() + 1, UnixMs: m.now, Offset: fmt.Append(nil, m.now),
	}
	if rapid.Bool().Draw(t, "later") {
		p.NotBeforeUnixMs = m.now + int64(rapid.IntRange(1, 300).Draw(t, "not before"))
	}
	m.append(progress(n, p))
	m.progress[n] = p
	if rapid.Bool().Draw(t, "tailed first") {
		for m.told < len(m.log) {
			m.tail(t)
		}
	}
	if err := m.lane.Commit(chaining.Crawled{Child: 2, ID: id(2, n), Progress: p}); err != nil {
		t.Fatal(err)
	}
}

// check compares the lane with the model.
func (m *model) check(t *rapid.T) {
	order := m.order()
	busy := map[chaining.ID]bool{}
	for _, n := range every() {
		busy[id(2, n)] = rapid.IntRange(0, 5).Draw(t, "busy") == 0
	}
	order = slices.DeleteFunc(order, func(n int) bool { return busy[id(2, n)] })
	it, ok, next, err := m.lane.Next(2, time.UnixMilli(m.now), func(id chaining.ID) bool { return busy[id] })
	switch {
	case err != nil:
		t.Fatal(err)
	case len(order) == 0:
		if ok || !next.IsZero() {
			t.Fatalf("next %v at %v, want none", it, next)
		}
	case m.state(order[0]) == Waiting || m.due(order[0]) <= m.now:
		if !ok || it.ID != id(2, order[0]) {
			t.Fatalf("next %v %v, want %d", it, ok, order[0])
		}
	case ok || next.UnixMilli() != m.due(order[0]):
		t.Fatalf("next %v %v, want at %d", ok, next, m.due(order[0]))
	}
	m.each(t, m.lane)
	m.apart(t)
	var want Counts
	for n := range kinds {
		if c := want.of(m.state(n)); c != nil {
			*c++
		}
	}
	if got := m.lane.Counts()[2]; got != want {
		t.Fatalf("counts %+v, want %+v", got, want)
	}
}

// apart: what a window has is not on disk as well, where it would come back once the window is cut.
func (m *model) apart(t *rapid.T) {
	err := m.lane.use("look at the indexes", func(db *pebble.DB) error {
		for _, in := range []index{waiting, due} {
			it, err := db.NewIter(&pebble.IterOptions{LowerBound: m.lane.keys.child(byte(in), 2), UpperBound: m.lane.keys.child(byte(in), 3)})
			if err != nil {
				return err
			}
			for it.First(); it.Valid(); it.Next() {
				if e := parseEntry(in, it.Key(), it.Value()); m.lane.child(2).window(in).covers(e) {
					t.Fatalf("index %c: %v is in the window and on disk", in, e)
				}
			}
			if err := it.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// each compares all items of a lane with the model.
func (m *model) each(t *rapid.T, l *Lane) {
	for _, n := range every() {
		it, ok, err := l.Get(2, id(2, n))
		if err != nil || ok != (m.announced[n] != nil || m.progress[n] != nil) || StateOf(it) != m.state(n) {
			t.Fatalf("item %d: %v %v %v, want %v", n, it, ok, err, m.state(n))
		}
		if !proto.Equal(it.Progress, m.progress[n]) || !proto.Equal(it.Announcement, m.announced[n]) {
			t.Fatalf("item %d: %v, want %v %v", n, it, m.announced[n], m.progress[n])
		}
		if m.announced[n] != nil && it.At != m.at[n] {
			t.Fatalf("item %d: at %d, want %d", n, it.At, m.at[n])
		}
	}
	listed, err := l.List(2, Gone, chaining.ID{}, kinds)
	if err != nil || len(listed) != len(m.announced) {
		t.Fatalf("%d listed: %v, want %d", len(listed), err, len(m.announced))
	}
}

// every is the numbers of all items.
func every() []int {
	out := make([]int, kinds)
	for n := range out {
		out[n] = n
	}
	return out
}

// drain asks for everything that is planned, however late.
func drain(t *rapid.T, l *Lane) (out []chaining.ID) {
	for {
		it, ok, _, err := l.Next(2, time.UnixMilli(1e15), func(id chaining.ID) bool { return slices.Contains(out, id) })
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return out
		}
		out = append(out, it.ID)
	}
}

// TestLaneIsAsTheModel: whatever the order in which a lane hears of what it wrote, it knows what is true; and a lane that
// reads the compacted queue from its beginning knows the same.
func TestLaneIsAsTheModel(t *testing.T) {
	s := store(t)
	s.page = 2
	rapid.Check(t, func(t *rapid.T) {
		m := &model{
			lane: s.Lane("model"), now: 1000, announced: map[int]*headwaterv1.Announcement{}, at: map[int]int64{},
			progress: map[int]*headwaterv1.Progress{},
		}
		t.Repeat(map[string]func(*rapid.T){"parent": m.parent, "tail": m.tail, "crawl": m.crawl, "": m.check})
		for m.told < len(m.log) {
			m.tail(t)
		}
		m.check(t)
		fresh := s.Lane("fresh")
		if _, err := fresh.Apply(compacted(m.log)); err != nil {
			t.Fatal(err)
		}
		m.each(t, fresh)
		if a, b := drain(t, m.lane), drain(t, fresh); !slices.Equal(a, b) {
			t.Fatalf("planned %v, afresh %v", a, b)
		}
		if m.lane.Drop() != nil || fresh.Drop() != nil {
			t.Fatal("not dropped")
		}
	})
}

// compacted is what is left of a log when only the last record of each key is kept.
func compacted(log []Entry) []Entry {
	last := map[chaining.Key]int64{}
	for _, e := range log {
		last[e.Key] = e.At
	}
	return slices.DeleteFunc(slices.Clone(log), func(e Entry) bool { return last[e.Key] != e.At })
}
