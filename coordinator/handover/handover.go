// Package handover is the word that a worker gives the next one when it has let go of a task, and the patience of the next
// one, which is bounded: the claim fences whoever is late.
package handover

import (
	"sync"
	"time"

	"github.com/headwater/headwater/coordinator/rows"
)

// Patience is how long the next worker waits for the last one's word. It is longer than a commit takes as a rule; a
// commit that takes longer is fenced, and its page fetched again.
const Patience = 1500 * time.Millisecond

// Book matches the word of the worker before with those who wait for it, whichever comes first. It is safe for concurrent
// use.
type Book struct {
	mu       sync.Mutex
	waiting  map[rows.Task]waiter
	released map[rows.Task]int64 // epochs of words that came early
}

type waiter struct {
	epoch int64
	ready chan struct{}
}

// New returns a book in which nobody waits.
func New() *Book {
	return &Book{waiting: map[rows.Task]waiter{}, released: map[rows.Task]int64{}}
}

// Wait returns a channel that is closed when the task's release in this epoch has been heard, or after Patience; nil
// when it has been heard already.
func (h *Book) Wait(t rows.Task, epoch int64) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.released[t] >= epoch {
		delete(h.released, t)
		return nil
	}
	w := waiter{epoch, make(chan struct{})}
	h.waiting[t] = w
	time.AfterFunc(Patience, func() { h.end(t, w) })
	return w.ready
}

// Release takes the word of the worker that had the task in the epoch before.
func (h *Book) Release(t rows.Task, epoch int64) {
	h.mu.Lock()
	w, ok := h.waiting[t]
	if !ok && len(h.released) < maxEarly {
		h.released[t] = max(h.released[t], epoch)
	}
	h.mu.Unlock()
	if ok && epoch >= w.epoch {
		h.end(t, w)
	}
}

// maxEarly bounds the words kept for rows that were not read yet; a word that is dropped costs a Patience.
const maxEarly = 10_000

func (h *Book) end(t rows.Task, w waiter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting[t] == w {
		delete(h.waiting, t)
		close(w.ready)
	}
}
