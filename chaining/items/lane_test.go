package items

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/connector"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store opens a store that is closed with the test.
func store(t testing.TB) *Store {
	t.Helper()
	s, err := Open(Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// id is the item of a child whose only placeholder is n.
func id(child, n int) chaining.ID {
	return chaining.Item{Child: child, Values: []connector.Pair{{Name: "n", Value: fmt.Sprint(n)}}}.ID()
}

func encode(m proto.Message) []byte {
	b, err := proto.MarshalOptions{}.MarshalAppend([]byte{}, m)
	if err != nil {
		panic(err)
	}
	return b
}

// announce is the record that announces item n of child 2.
func announce(n int, emission, at int64) Entry {
	a := &headwaterv1.Announcement{
		Child: 2, Values: []*headwaterv1.Value{{Name: "n", Value: fmt.Sprint(n)}}, Emission: emission, Parent: 1, Depth: 1,
	}
	return Entry{Key: chaining.Key{Kind: chaining.Announced, Child: 2, ID: id(2, n)}, Value: encode(a), At: at}
}

// progress is a progress record of item n of child 2.
func progress(n int, p *headwaterv1.Progress) Entry {
	return Entry{Key: chaining.Key{Kind: chaining.Progressed, Child: 2, ID: id(2, n)}, Value: encode(p)}
}

func tombstone(e Entry) Entry {
	e.Value = nil
	return e
}

func TestTransitions(t *testing.T) {
	const (
		set   = headwaterv1.Progress_SET
		open  = headwaterv1.Progress_OPEN
		done  = headwaterv1.Progress_DONE
		aside = headwaterv1.Progress_SET_ASIDE
		ended = headwaterv1.Progress_ENDED
	)
	type P = headwaterv1.Progress
	a, again := announce(1, 7, 0), announce(1, 8, 9)
	p := func(p *P) Entry { return progress(1, p) }
	broken := Entry{Key: p(&P{}).Key, Value: []byte{0xff}}
	foreign := Entry{Key: chaining.Key{Kind: chaining.Announced, Child: 3, ID: id(2, 1)}, Value: a.Value}
	tests := map[string]struct {
		entries []Entry
		state   State
		due     int64 // of Next; -1: never
		passed  int
	}{
		"NeverCrawled":      {[]Entry{a}, Waiting, 0, 0},
		"Open":              {[]Entry{a, p(&P{Serves: 7, State: open, UnixMs: 40, Revision: 1})}, Active, 40, 0},
		"OpenLater":         {[]Entry{a, p(&P{Serves: 7, State: open, UnixMs: 40, NotBeforeUnixMs: 60, Revision: 1})}, Active, 60, 0},
		"Done":              {[]Entry{a, p(&P{Serves: 7, State: done, UnixMs: 40, Revision: 1})}, Idle, -1, 0},
		"Continuous":        {[]Entry{a, p(&P{Serves: 7, State: done, NotBeforeUnixMs: 60, Revision: 1})}, Idle, 60, 0},
		"SetAside":          {[]Entry{a, p(&P{Serves: 7, State: aside, NotBeforeUnixMs: 60, Revision: 1})}, Failed, 60, 0},
		"Ended":             {[]Entry{a, p(&P{Serves: 7, State: ended, UnixMs: 40, Revision: 1})}, Ended, -1, 0},
		"SetByPerson":       {[]Entry{a, p(&P{State: set, Revision: 4})}, Waiting, 0, 0},
		"SetForThisOne":     {[]Entry{a, p(&P{Serves: 7, State: set, Revision: 4})}, Waiting, 0, 0},
		"StateOfTomorrow":   {[]Entry{a, p(&P{Serves: 7, State: 99, NotBeforeUnixMs: 60, Revision: 1})}, Idle, -1, 0},
		"AnnouncedAnew":     {[]Entry{a, p(&P{Serves: 7, State: ended, Revision: 1}), again}, Waiting, 0, 0},
		"ServedBefore":      {[]Entry{again, p(&P{Serves: 7, State: done, Revision: 1})}, Waiting, 0, 0},
		"SameEmission":      {[]Entry{a, p(&P{Serves: 7, State: done, Revision: 1}), announce(1, 7, 9)}, Idle, -1, 0},
		"ProgressFirst":     {[]Entry{p(&P{Serves: 7, State: done, Revision: 1}), a}, Idle, -1, 0},
		"ProgressAlone":     {[]Entry{p(&P{Serves: 7, State: open, Revision: 1})}, Gone, -1, 0},
		"NotAnnounced":      {[]Entry{a, p(&P{Serves: 7, State: open, Revision: 1}), tombstone(a)}, Gone, -1, 0},
		"AnnouncedAfterAll": {[]Entry{a, p(&P{Serves: 7, State: open, Revision: 1}), tombstone(a), again}, Waiting, 0, 0},
		"Forgotten":         {[]Entry{a, p(&P{Serves: 7, State: done, Revision: 1}), tombstone(p(&P{}))}, Waiting, 0, 0},
		"OlderRevision":     {[]Entry{a, p(&P{Serves: 7, State: done, Revision: 3}), p(&P{Serves: 7, State: open, Revision: 2})}, Idle, -1, 0},
		"SameRevision":      {[]Entry{a, p(&P{Serves: 7, State: done, Revision: 3}), p(&P{Serves: 7, State: open, Revision: 3})}, Idle, -1, 0},
		"NotUnderstood":     {[]Entry{a, broken, {Key: a.Key, Value: []byte{0xff}}, foreign, {Key: chaining.Key{Kind: 'x', Child: 2}}}, Waiting, 0, 4},
	}
	for name, test := range tests {
		for _, together := range []bool{true, false} {
			t.Run(fmt.Sprint(name, together), func(t *testing.T) {
				l := store(t).Lane("c-0")
				if passed := tell(t, l, together, test.entries...); passed != test.passed || l.Passed() != int64(test.passed) {
					t.Errorf("passed over %d (%d), want %d", passed, l.Passed(), test.passed)
				}
				check(t, l, test.state, test.due)
			})
		}
	}
}

// tell applies entries, all at once or one by one.
func tell(t *testing.T, l *Lane, together bool, entries ...Entry) (passed int) {
	t.Helper()
	size := 1
	if together {
		size = len(entries)
	}
	for part := range slices.Chunk(entries, size) {
		n, err := l.Apply(part)
		if err != nil {
			t.Fatal(err)
		}
		passed += n
	}
	return passed
}

// check looks at the lane's only item in every way.
func check(t *testing.T, l *Lane, state State, due int64) {
	t.Helper()
	it, _, err := l.Get(2, id(2, 1))
	if err != nil || StateOf(it) != state || (it.Announcement == nil) != (state == Gone) {
		t.Errorf("got %v: %v, want %v", it, err, state)
	}
	var want Counts
	if n := want.of(state); n != nil {
		*n = 1
	}
	if got := l.Counts()[2]; got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	_, ok, next, err := l.Next(2, time.UnixMilli(due-1), nil)
	if waits := state == Waiting; err != nil || ok != waits || !waits && due >= 0 && next.UnixMilli() != due || due < 0 && !next.IsZero() {
		t.Errorf("before %d: %v, next %v, %v", due, ok, next, err)
	}
	it, ok, _, err = l.Next(2, time.UnixMilli(max(due, 1e12)), nil)
	if err != nil || ok != (due >= 0) || ok && it.ID != id(2, 1) {
		t.Errorf("at %d: %v %v", due, ok, err)
	}
	if at, ok, err := l.Oldest(all); err != nil || ok != (state == Waiting) || ok && at != it.At {
		t.Errorf("oldest %d %v %v", at, ok, err)
	}
}

// TestOurOwnTombstoneIsOld: while the lane's own progress is on its way back, what comes from the queue is older, even a
// tombstone.
func TestOurOwnTombstoneIsOld(t *testing.T) {
	l := store(t).Lane("c-0")
	p := &headwaterv1.Progress{Serves: 7, State: headwaterv1.Progress_DONE, Revision: 1}
	tell(t, l, true, announce(1, 7, 0))
	if err := l.Commit(chaining.Crawled{Child: 2, ID: id(2, 1), Progress: p}); err != nil {
		t.Fatal(err)
	}
	tell(t, l, true, tombstone(progress(1, p)))
	check(t, l, Idle, -1)
	tell(t, l, true, progress(1, p), tombstone(progress(1, p)))
	check(t, l, Waiting, 0)
	if err := l.Commit(chaining.Crawled{Child: 2, ID: id(2, 1)}); err == nil {
		t.Error("a nil progress was taken")
	}
}

// TestOrder: waiting ones by offset, then due ones by time, without those that are busy.
func TestOrder(t *testing.T) {
	l := store(t).Lane("c-0")
	type P = headwaterv1.Progress
	tell(t, l, false,
		announce(1, 7, 50), announce(2, 7, 40), announce(3, 7, 60), announce(4, 7, 1), announce(5, 7, 2),
		progress(4, &P{Serves: 7, State: headwaterv1.Progress_OPEN, UnixMs: 300, Revision: 1}),
		progress(5, &P{Serves: 7, State: headwaterv1.Progress_SET_ASIDE, NotBeforeUnixMs: 200, Revision: 1}),
		announce(2, 8, 70),
	)
	var busy []chaining.ID
	for _, want := range []int{1, 3, 2, 5, 4} {
		it, ok, _, err := l.Next(2, time.UnixMilli(300), func(id chaining.ID) bool { return slices.Contains(busy, id) })
		if err != nil || !ok || it.ID != id(2, want) {
			t.Fatalf("item %v %v, want %d", it, err, want)
		}
		busy = append(busy, it.ID)
	}
	_, ok, next, err := l.Next(2, time.UnixMilli(300), func(id chaining.ID) bool { return slices.Contains(busy, id) })
	if ok || !next.IsZero() || err != nil {
		t.Errorf("one more: %v %v", next, err)
	}
	if at, ok, err := l.Oldest(all); at != 50 || !ok || err != nil {
		t.Errorf("oldest %d", at)
	}
	if at, ok, err := l.Oldest(func(child int) bool { return child != 2 }); ok || err != nil {
		t.Errorf("%d waits though nobody crawls it, %v", at, err)
	}
}

func all(int) bool { return true }

// TestListTurnsPages: every item comes once, in the order of the IDs, of the state that was asked for.
func TestListTurnsPages(t *testing.T) {
	l := store(t).Lane("c-0")
	var want []chaining.ID
	for n := range 10 {
		tell(t, l, true, announce(n, 7, int64(n)))
		want = append(want, id(2, n))
	}
	tell(t, l, true, progress(3, &headwaterv1.Progress{Serves: 7, State: headwaterv1.Progress_ENDED, Revision: 1}))
	slices.SortFunc(want, func(a, b chaining.ID) int { return cmp.Compare(a.String(), b.String()) })
	var got []chaining.ID
	for after := (chaining.ID{}); ; after = got[len(got)-1] {
		part, err := l.List(2, Gone, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range part {
			got = append(got, it.ID)
		}
		if len(part) < 3 {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if part, err := l.List(2, Ended, chaining.ID{}, 3); err != nil || len(part) != 1 || part[0].ID != id(2, 3) {
		t.Errorf("ended: %v %v", part, err)
	}
}

// TestListWhileCrawled: a lane that is listed goes on meanwhile.
func TestListWhileCrawled(t *testing.T) {
	l := store(t).Lane("c-0")
	fill(t, l, newQueue(1, false), 5000)
	end, listed := make(chan struct{}), make(chan error)
	go func() {
		var err error
		for open := true; open && err == nil; {
			select {
			case <-end:
				open = false
			default:
				_, err = l.List(2, Waiting, chaining.ID{}, 100)
			}
		}
		listed <- err
	}()
	drainTenths(t, l, 5000)
	close(end)
	if err := <-listed; err != nil {
		t.Error(err)
	}
}
