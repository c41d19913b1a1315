package source

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/headwater/headwater/worker/source/retry"
)

// maxHold is the longest that a limit holds for, as for Retry-After.
const maxHold = 10 * time.Minute

// Limits is what APIs have said about being asked too often (429 with Retry-After): whoever asks for the same connector, and
// so with the same credentials, waits too, on this worker and on those that are told. It is safe for concurrent use; a nil
// *Limits holds nobody back.
type Limits struct {
	// Tell is told of every limit that an API sets here. It must not block. Nil: nobody is told.
	Tell func(connector string, wait time.Duration)

	mu    sync.Mutex
	until map[string]time.Time // by connector
}

// Hold lets nobody ask for the connector for so long, 10 minutes at most. A hold that lasts longer stays.
func (l *Limits) Hold(connector string, wait time.Duration) {
	if l == nil || wait <= 0 {
		return
	}
	until := time.Now().Add(min(wait, maxHold))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil {
		l.until = map[string]time.Time{}
	}
	if until.After(l.until[connector]) {
		l.until[connector] = until
	}
}

// held is until when nobody may ask; zero: anybody may.
func (l *Limits) held(connector string) time.Time {
	if l == nil {
		return time.Time{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	until, ok := l.until[connector]
	if ok && !time.Now().Before(until) {
		delete(l.until, connector)
		return time.Time{}
	}
	return until
}

// reached takes a failure: when it is a limit, it holds for the whole connector.
func (l *Limits) reached(connector string, f *failure) {
	if l == nil || f.retry.Status != http.StatusTooManyRequests {
		return
	}
	wait, said := retry.After(f.retry.RetryAfter, time.Now())
	if !said || wait <= 0 {
		return
	}
	l.Hold(connector, wait)
	if l.Tell != nil {
		l.Tell(connector, wait)
	}
}

// allowed waits until the connector may be asked for and reports whether ctx is still alive.
func (c *Client) allowed(ctx context.Context) bool {
	for {
		until := c.conf.Limits.held(c.conf.Connector.Name)
		if until.IsZero() {
			return ctx.Err() == nil
		}
		c.waits("rate limit: the API has asked this connector to wait", until)
		if !sleep(ctx, time.Until(until)) {
			return false
		}
	}
}
