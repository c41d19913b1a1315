package worker

import (
	"context"
	"sync"

	"github.com/headwater/headwater/worker/pipeline"
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

// ahead is the queue between an API's fetching and its committing.
type ahead struct {
	mu    sync.Mutex
	pages []pipeline.Page
	bytes int64
	room  chan struct{} // has a token when pages were taken
	ready chan struct{} // has a token when pages were put
}

func newAhead() *ahead {
	return &ahead{room: make(chan struct{}, 1), ready: make(chan struct{}, 1)}
}

// put waits for room: back-pressure reaches the API's socket by the next page not being asked for.
func (a *ahead) put(ctx context.Context, p pipeline.Page) error {
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

func (a *ahead) tryPut(p pipeline.Page) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	bytes := a.bytes + p.Batch.Bytes + pageCost
	full := len(a.pages) >= aheadPages && bytes > smallBytes || bytes > aheadBytes
	if full && len(a.pages) > 0 {
		return false
	}
	a.pages = append(a.pages, p)
	a.bytes += p.Batch.Bytes + pageCost
	signal(a.ready)
	return true
}

// take waits for at least one page and returns all that are there: the group that one transaction commits.
func (a *ahead) take(ctx context.Context) ([]pipeline.Page, error) {
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

func (a *ahead) tryTake() []pipeline.Page {
	a.mu.Lock()
	defer a.mu.Unlock()
	pages := a.pages
	a.pages, a.bytes = nil, 0
	signal(a.room)
	return pages
}

// drop forgets what was fetched ahead (R12).
func (a *ahead) drop() {
	for _, p := range a.tryTake() {
		p.Close()
	}
}

// overtake is wrong on purpose, for the proof of R14: it lets a group carry the offset of what is only fetched.
func (a *ahead) overtake(group []pipeline.Page) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.pages {
		if p.Batch.Offset != nil {
			group[len(group)-1].Batch.Offset = p.Batch.Offset
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
