// Package limit keeps what APIs have said about being asked too often.
package limit

import (
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
	doubt map[string]bool      // connectors whose last answer to a work item was 429
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

// Held is until when nobody may ask; zero: anybody may.
func (l *Limits) Held(connector string) time.Time {
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

// Note takes the status and Retry-After of an answer: a limit holds for the whole connector. What an API says to a request for
// one work item among many may be about this item alone: it counts when the next answer to an item says so too.
func (l *Limits) Note(connector string, item bool, status int, retryAfter []string) {
	if l == nil || item && !l.doubted(connector, status) || status != http.StatusTooManyRequests {
		return
	}
	wait, said := retry.After(retryAfter, time.Now())
	if !said || wait <= 0 {
		return
	}
	l.Hold(connector, wait)
	if l.Tell != nil {
		l.Tell(connector, wait)
	}
}

// doubted reports whether the answer to an item before this one was a limit too.
func (l *Limits) doubted(connector string, status int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.doubt[connector]
	switch {
	case status == http.StatusTooManyRequests && l.doubt == nil:
		l.doubt = map[string]bool{connector: true}
	case status == http.StatusTooManyRequests:
		l.doubt[connector] = true
	case status >= http.StatusOK && status < http.StatusBadRequest:
		delete(l.doubt, connector)
	}
	return before
}
