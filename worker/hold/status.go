package hold

import (
	"sync"
	"time"
)

// State is what a task is doing, in Kafka Connect's words.
type State string

// The states of a task.
const (
	Unassigned State = "UNASSIGNED"
	Running    State = "RUNNING"
	Failed     State = "FAILED"
)

// What a task waits for before it polls.
const (
	WaitHandover = "hand-over"
	WaitClaim    = "claim"
	WaitOffset   = "offset"
)

// Status is what can be said about one API at a moment.
type Status struct {
	State State
	// Trace is why it failed; empty while it has not.
	Trace string
	// Waiting is what it waits for, in a few words: "interval", "commit", "retry: ...". Empty while it works.
	Waiting string
	// Until is when that wait ends; zero when nobody knows.
	Until time.Time
	// Reason is why the last sweep ended, by name.
	Reason string
	// Pages and Records were committed since the start; Rejected went to the error topic.
	Pages, Records, Rejected int64
	// Committed is when the last page was committed; zero before the first.
	Committed time.Time
}

// Board holds one API's status. It is safe for concurrent use.
type Board struct {
	mu sync.Mutex
	s  Status
}

// Read returns the status.
func (b *Board) Read() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.s
}

// Change changes the status.
func (b *Board) Change(f func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.s)
}

// Waiting says what is waited for, and until when; zero: nobody knows.
func (b *Board) Waiting(what string, until time.Time) {
	b.Change(func(s *Status) { s.Waiting, s.Until = what, until })
}
