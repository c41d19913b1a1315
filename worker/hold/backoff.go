package hold

import "time"

// Between two claims after an error: at once the first time, then doubling up to a minute. A claim that lasted longer
// than Reset starts over.
const (
	backoffFirst = 100 * time.Millisecond
	backoffMax   = time.Minute
	Reset        = 5 * time.Minute
)

// Backoff is how often in a row a claim has ended with an error.
type Backoff struct{ pause time.Duration }

// Next is the next pause.
func (b *Backoff) Next() time.Duration {
	b.pause = min(max(2*b.pause, backoffFirst), backoffMax)
	return b.pause
}
