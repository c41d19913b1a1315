package worker

import "time"

// Between two claims after an error: at once the first time, then doubling up to a minute. A claim that lasted longer
// than backoffReset starts over.
const (
	backoffFirst = 100 * time.Millisecond
	backoffMax   = time.Minute
	backoffReset = 5 * time.Minute
)

// backoff is how often in a row a claim has ended with an error.
type backoff struct{ pause time.Duration }

func (b *backoff) next() time.Duration {
	b.pause = min(max(2*b.pause, backoffFirst), backoffMax)
	return b.pause
}
