package items

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items/bloom"
)

// Lane is one partition of a work queue. Its methods may be called from several goroutines; errors are *fault.Error, and
// after one of Apply or Commit the lane is as before it, but for whole records that were applied. A lane keeps up with the
// queue as long as it is told of all records; it is begun anew when it may have missed some.
type Lane struct {
	store *Store
	name  string
	keys  prefix

	mu       sync.Mutex
	dropped  bool
	children map[int]*child
	passed   int64            // records that were not understood
	picked   map[place]row    // of the items that Next gave out last, so that Commit need not read them
	ahead    map[int64][]byte // announcements by their offset, read with the index that they stand in; none ever changes
	own      map[place]own    // what the lane wrote and that has not come back yet
	stored   bloom.Filter     // the items that have a row
}

// own is a progress that the lane wrote.
type own struct {
	revision int64
	sum      uint64 // of its bytes
}

// child is what a lane knows of one child API without reading.
type child struct {
	waiting, due window
	counts       Counts
}

func (c *child) window(in index) *window {
	if in == waiting {
		return &c.waiting
	}
	return &c.due
}

// Counts says how many items of a child API stand where.
type Counts struct{ Waiting, Active, Idle, Failed, Ended int64 }

// of is the counter of a state; nil for Gone.
func (c *Counts) of(s State) *int64 {
	return [...]*int64{nil, &c.Waiting, &c.Active, &c.Idle, &c.Failed, &c.Ended}[s]
}

// Item is a work item. Its Announcement is nil when it is Gone.
type Item = chaining.Queued

// How many entries picked, ahead and own have at most; then they begin anew. Nothing is lost by that but time and, for own, the
// protection from a tombstone that is still to come.
const (
	keepPicked = 256
	keepAhead  = 512 // of shortEnough bytes at most
	keepOwn    = 10_000
)

// remember puts a value into a map of limited size.
func remember[K comparable, V any](m map[K]V, most int, at K, v V) {
	if len(m) >= most {
		clear(m)
	}
	m[at] = v
}

// use runs f while the lane is locked and cannot go away.
func (l *Lane) use(op string, f func(*pebble.DB) error) error {
	return l.store.use(op, l.name, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.dropped {
			return ErrClosed
		}
		return f(l.store.db)
	})
}

// child returns what is known of a child API.
func (l *Lane) child(number int) *child {
	c := l.children[number]
	if c == nil {
		c = &child{}
		l.children[number] = c
	}
	return c
}

// Counts returns the number of items, by the number of their child API. It reads nothing.
func (l *Lane) Counts() map[int]Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[int]Counts, len(l.children))
	for number, c := range l.children {
		out[number] = c.counts
	}
	return out
}

// Passed returns how many records were passed over so far because they were not understood.
func (l *Lane) Passed() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.passed
}

// Oldest returns the smallest queue offset of a waiting item of the child APIs that somebody crawls; ok is false when none
// waits.
func (l *Lane) Oldest(crawls func(child int) bool) (at int64, ok bool, err error) {
	err = l.use("look for the oldest waiting item", func(db *pebble.DB) error {
		for number, c := range l.children {
			if !crawls(number) {
				continue
			}
			e, found, err := l.first(db, number, c, waiting, nil)
			if err != nil {
				return err
			}
			if found && (!ok || e.rank < at) {
				at, ok = e.rank, true
			}
		}
		return nil
	})
	return at, ok, err
}

// Drop forgets the lane and gives its room on disk free. Its other methods fail with ErrClosed from then on.
func (l *Lane) Drop() error {
	return l.use("drop the work items", func(db *pebble.DB) error {
		l.dropped, l.children = true, map[int]*child{}
		from, to := l.keys.span()
		if err := db.DeleteRange(from, to, pebble.NoSync); err != nil || l.store.disk.check() != nil {
			return err
		}
		_, err := db.AsyncFlush() // the room is free only once the deletion is on disk
		return err
	})
}
