// Package retry decides whether a failed request is sent again, and when. It is pure: what happened, the clock and the
// dice are arguments.
package retry

import (
	"net/http"
	"time"

	"github.com/headwater/headwater/internal/connector"
)

// Ceilings of a single wait.
const (
	maxBackoff    = 5 * time.Minute
	maxRetryAfter = 10 * time.Minute
)

// jitter is the greatest part that EXPONENTIAL_WITH_JITTER adds to a wait, against clients that fail in step.
const jitter = 0.25

// Policy is how an API's requests are retried. Names in the comments go without their apiN prefix.
type Policy struct {
	Max     int                    // max.retries
	Backoff connector.Backoff      // retry.backoff.policy
	Base    time.Duration          // retry.backoff.ms
	On      connector.StatusRanges // retry.on.status.codes
}

// Failure is how a request failed.
type Failure struct {
	// Status is the code of the answer, 0 when there was none or it broke off.
	Status int
	// RetryAfter holds the values of the answer's Retry-After headers.
	RetryAfter []string
}

// Next returns how long to wait before the next attempt, and false when there is none. done is the number of retries
// made so far; dice is a random number in [0,1).
//
// Failures without an answer and the statuses 401, 408, 429 and 504 are retried whatever Policy.On says. A Retry-After
// header on 429 or 503 lengthens the wait, to at most 10 minutes, and never shortens it.
func (p Policy) Next(done int, f Failure, dice float64, now time.Time) (time.Duration, bool) {
	if done >= p.Max || !p.retries(f.Status) {
		return 0, false
	}
	wait := p.wait(done, dice)
	if f.Status == http.StatusTooManyRequests || f.Status == http.StatusServiceUnavailable {
		if asked, ok := After(f.RetryAfter, now); ok {
			wait = max(wait, asked)
		}
	}
	return wait, true
}

func (p Policy) retries(status int) bool {
	switch status {
	case 0, http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusGatewayTimeout:
		return true
	}
	return p.On.Contains(status)
}

// wait is Base, or Base doubled with every retry and up to a quarter more. It is never below Base, even where Base is
// above the ceiling.
func (p Policy) wait(done int, dice float64) time.Duration {
	if p.Backoff == connector.ConstantValue {
		return p.Base
	}
	most := max(maxBackoff, p.Base)
	wait := p.Base
	for range done {
		if wait >= most/2 {
			wait = most
			break
		}
		wait *= 2
	}
	return min(wait+time.Duration(float64(wait)*jitter*dice), most)
}
