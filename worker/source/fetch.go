package source

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/worker/pipeline/poll"
	"github.com/headwater/headwater/worker/source/mask"
)

// Fetch asks for one page and returns it complete and checked, in memory or in a file; the caller closes its Records.
// A blank body and 204 are an empty page. It retries as the API's configuration says.
//
// Its error is always a *fault.Error:
//   - Permanent, with a Report: the request failed and the retries are spent, or retrying is of no use. What follows is
//     for behavior.on.error to say.
//   - Retriable, without a Report: nothing is said about the API. Either ctx has ended, which the error matches, or the
//     page could not be written to this machine's disk.
func (c *Client) Fetch(ctx context.Context, r poll.Request) (poll.Response, error) {
	for done := 0; ; done++ {
		resp, err := c.Try(ctx, r, done)
		if wait, again := waitOf(err); !again || ctx.Err() != nil {
			return resp, err
		} else if !sleep(ctx, wait) {
			return poll.Response{}, c.ended(ctx, r)
		}
	}
}

// waitOf is how long to wait before a request that failed is sent again, and false when it is not.
func waitOf(err error) (time.Duration, bool) {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != fault.Retriable || e.Report == nil {
		return 0, false
	}
	return e.RetryAfter, true
}

// Try is one attempt of Fetch, for who can do something else in between; done says how many there were before. Beside
// those of Fetch there is one more error: Retriable with a Report, where the policy allows another attempt after
// RetryAfter.
func (c *Client) Try(ctx context.Context, r poll.Request, done int) (poll.Response, error) {
	if !c.allowed(ctx) {
		return poll.Response{}, c.ended(ctx, r)
	}
	c.waits("response", time.Time{})
	begin := time.Now()
	resp, fail := c.attempt(ctx, r)
	c.meters.asked(fail, time.Since(begin))
	if fail == nil {
		c.conf.Limits.Note(c.conf.Connector.Name, c.child, resp.Status, nil)
		return resp, nil
	}
	c.conf.Limits.Note(c.conf.Connector.Name, c.child, fail.retry.Status, fail.retry.RetryAfter)
	if ctx.Err() != nil {
		return poll.Response{}, c.ended(ctx, r)
	}
	wait, again := c.retry.Next(done, fail.retry, rand.Float64(), time.Now())
	if fail.final || !again {
		return poll.Response{}, c.fault(r, fail, done)
	}
	c.announce(r, fail, done, wait)
	err := c.fault(r, fail, done)
	err.Kind, err.RetryAfter = fault.Retriable, wait
	return poll.Response{}, err
}

// announce tells that a request is tried again.
func (c *Client) announce(r poll.Request, f *failure, done int, wait time.Duration) {
	what := "retry: "
	if f.retry.Status == http.StatusTooManyRequests {
		what = "rate limit: "
	}
	c.waits(what+c.hide(r.Header, f.err.Error()), time.Now().Add(wait))
	c.meters.retried()
	c.conf.Log.Info("request failed and is tried again", "connector", c.conf.Connector.Name, "api", c.api,
		"url", mask.URL(c.hide(r.Header, r.URL)), "error", c.hide(r.Header, f.err.Error()),
		"retry", done+1, "of", c.retry.Max, "wait", wait)
}

// ended is the error of a context that ended.
func (c *Client) ended(ctx context.Context, r poll.Request) error {
	return &fault.Error{Kind: fault.Retriable, Op: r.Method + " " + mask.URL(c.hide(r.Header, r.URL)), Err: ctx.Err()}
}

// sleep waits and reports whether ctx is still alive.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return ctx.Err() == nil
}

// allowed waits until the connector may be asked for and reports whether ctx is still alive.
func (c *Client) allowed(ctx context.Context) bool {
	for {
		until := c.conf.Limits.Held(c.conf.Connector.Name)
		if until.IsZero() {
			return ctx.Err() == nil
		}
		c.waits("rate limit: the API has asked this connector to wait", until)
		if !sleep(ctx, time.Until(until)) {
			return false
		}
	}
}
