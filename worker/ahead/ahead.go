// Package ahead is the bounded queue between fetching and committing: what is fetched ahead of the commit, and no more.
package ahead

import (
	"context"
	"sync"
)

// What may be fetched ahead of the commit, for each API: aheadPages, or as many small pages as smallBytes hold, and never
// more than aheadBytes. A page is never split: one that is larger is alone. Small pages need the second bound: a commit
// takes as long for eight pages of 100 records as for forty, and more would be fetched meanwhile.
const (
	aheadPages = 8
	smallBytes = 4 << 20
	aheadBytes = 16 << 20
	pageCost   = 4 << 10 // what a page takes beside its records, so that empty ones are bounded too
)

// Fetched is what waits for its commit.
type Fetched interface {
	// Size is about how many bytes it holds.
	Size() int64
	// Close gives up what it holds beside memory.
	Close()
}

// Queue is the queue between an API's, or a lane's, fetching and its committing.
type Queue[P Fetched] struct {
	mu    sync.Mutex
	pages []P
	bytes int64
	full  bool          // a page had no room
	least int64         // bytes below which nobody waits for what is there
	room  chan struct{} // has a token when pages were taken
	ready chan struct{} // has a token when pages were put that somebody may wait for, or one had no room
}

// New returns an empty queue.
func New[P Fetched]() *Queue[P] {
	return &Queue[P]{room: make(chan struct{}, 1), ready: make(chan struct{}, 1)}
}

// Put waits for room: back-pressure reaches the API's socket by the next page not being asked for.
func (a *Queue[P]) Put(ctx context.Context, p P) error {
	for {
		if a.tryPut(p) {
			return nil
		}
		select {
		case <-a.room:
		case <-ctx.Done():
			p.Close()
			return ctx.Err()
		}
	}
}

func (a *Queue[P]) tryPut(p P) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	bytes := a.bytes + p.Size() + pageCost
	full := len(a.pages) >= aheadPages && bytes > smallBytes || bytes > aheadBytes
	if a.full = full && len(a.pages) > 0; a.full {
		signal(a.ready)
		return false
	}
	a.pages = append(a.pages, p)
	a.bytes += p.Size() + pageCost
	if a.bytes >= a.least {
		signal(a.ready)
	}
	signal(a.room) // there may be some for another who waits
	return true
}

// Take waits for at least one page and returns all that are there: the group that one transaction commits.
func (a *Queue[P]) Take(ctx context.Context) ([]P, error) {
	for {
		if pages := a.tryTake(); len(pages) > 0 {
			return pages, nil
		}
		select {
		case <-a.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Gather waits until the pages that are there come to so many bytes, until one has no room, or until ctx ends, and returns
// them; there may be none.
func (a *Queue[P]) Gather(ctx context.Context, bytes int64) []P {
	for !a.holds(bytes) && ctx.Err() == nil {
		select {
		case <-a.ready:
		case <-ctx.Done():
		}
	}
	return a.tryTake()
}

// holds reports whether that much is there; if not, nobody is woken before it is.
func (a *Queue[P]) holds(bytes int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.least = bytes
	return a.full || a.bytes >= bytes
}

func (a *Queue[P]) tryTake() []P {
	a.mu.Lock()
	defer a.mu.Unlock()
	pages := a.pages
	a.pages, a.bytes, a.full, a.least = nil, 0, false, 0
	signal(a.room)
	return pages
}

// Drop forgets what was fetched ahead (R12).
func (a *Queue[P]) Drop() {
	for _, p := range a.tryTake() {
		p.Close()
	}
}

// Peek shows what is there, for who breaks a rule on purpose.
func (a *Queue[P]) Peek(look func([]P)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	look(a.pages)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
