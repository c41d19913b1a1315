package lane

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker/ahead"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// Progress is how far a work item has been crawled.
type Progress = headwaterv1.Progress

// crawled is one try at an item: what it brought, and the progress that goes with it.
type crawled struct {
	pipeline.Page
	child    *Child
	id       chaining.ID
	progress *Progress
	message  record.Message // the progress, as it is committed
	asked    bool           // Page.Next is where the item stands
}

// longest bounds a wait for something to become due, so that a lost signal costs no more than that.
const longest = time.Minute

// crawlAll picks item after item of a child API and tries each once. The page of one waits for its commit while the next
// is fetched.
func (l *Lane) crawlAll(ctx context.Context, c *Child, queue *ahead.Queue[*crawled]) error {
	for {
		item, err := l.pick(ctx, c)
		if err != nil {
			return err
		}
		done, err := l.crawl(ctx, c, item)
		if err != nil {
			return err
		}
		l.board.Waiting("commit", time.Time{}) // so it is when the queue is full
		if err := queue.Put(ctx, done); err != nil {
			return err
		}
	}
}

// pick waits for the next item that is due, and for request.interval.ms to pass.
func (l *Lane) pick(ctx context.Context, c *Child) (chaining.Queued, error) {
	for ctx.Err() == nil {
		wake := l.waker()
		item, ok, until, err := l.due(c, time.Now())
		if ok || err != nil {
			return item, err
		}
		l.board.Waiting("interval", until)
		l.pause(ctx, wake, until)
	}
	return chaining.Queued{}, ctx.Err()
}

// pause is a wait in which a crawler has nothing to ask for.
func (l *Lane) pause(ctx context.Context, wake <-chan struct{}, until time.Time) {
	count := func(more int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.restingMore(more)
	}
	count(1)
	l.wait(ctx, wake, until)
	count(-1)
}

// due takes the next item, or says until when there is none.
func (l *Lane) due(c *Child, now time.Time) (item chaining.Queued, ok bool, until time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	until = now.Add(longest)
	if c.stopped {
		return item, false, until, nil
	}
	if c.due.After(now) {
		return item, false, c.due, nil
	}
	item, ok, next, err := l.Items.Next(c.API.N, now, l.isBusy)
	if !ok || err != nil {
		if !next.IsZero() && next.Before(until) {
			until = next
		}
		return item, false, until, err
	}
	l.busy[item.ID], l.worked = true, now
	c.due = now.Add(c.API.Interval)
	return item, true, now, nil
}

// crawl asks for one page of an item. Its error is the end of ctx or a fault of this machine; everything else is progress.
func (l *Lane) crawl(ctx context.Context, c *Child, item chaining.Queued) (*crawled, error) {
	if strange(c, item) {
		now := strings.Join(c.API.Placeholders, ", ")
		gone := chaining.Outcome{Gone: true, Trace: fmt.Sprintf("it was announced for other placeholders than api%d has now: %s", c.API.N, now)}
		return l.crawled(c, item, pipeline.Page{}, gone, time.Now()), nil
	}
	state, turn, err := l.turnOf(c, item, time.Now())
	switch {
	case err != nil:
		return l.failed(c, item, state, err, time.Now()), nil
	case turn.Wait > 0: // nothing is there to ask for yet
		return l.ended(c, item, pipeline.Page{Next: state}, turn.Wait, time.Now()), nil
	}
	resp, err := c.Fetcher.Try(ctx, turn.Request, int(item.Progress.GetAttempt()))
	if ctx.Err() != nil {
		if err == nil {
			_ = resp.Records.Close()
		}
		return nil, ctx.Err()
	}
	now := time.Now()
	if err != nil {
		if e, ok := errors.AsType[*fault.Error](err); ok && e.Kind == fault.Retriable && e.Report == nil {
			return nil, err
		}
		return l.failed(c, item, turn.State, err, now), nil
	}
	proof.Point("request-sent")
	page := c.Pipeline.PageOf(pipeline.Parent{Fields: item.Announcement.GetFields()}, turn.State, resp, now)
	return l.answered(c, item, page, now), nil
}

// strange reports an item of an earlier configuration, whose templates had other placeholders: no request can be made of it,
// and the parent announces another in its place.
func strange(c *Child, item chaining.Queued) bool {
	return !slices.EqualFunc(item.Announcement.GetValues(), c.API.Placeholders, func(v *headwaterv1.Value, name string) bool {
		return v.GetName() == name
	})
}

// answered is an item after an answer.
func (l *Lane) answered(c *Child, item chaining.Queued, page pipeline.Page, now time.Time) *crawled {
	if page.Err != nil {
		return l.aside(c, item, page, page.Err, now)
	}
	if page.Reason != "" && page.Reason != poll.EndOfWindow {
		return l.ended(c, item, page, 0, now)
	}
	if c.API.Window != nil { // only who goes by time has to wait for it
		if turn, err := c.Pipeline.Machine.Next(page.Next, now); err == nil && turn.Wait > 0 {
			return l.ended(c, item, page, turn.Wait, now)
		}
	}
	return l.crawled(c, item, page, chaining.Outcome{}, now)
}

// ended is an item whose API has no more at this moment. It is asked again when its parent is emitted again, and under
// chaining.poll.mode=CONTINUOUS after a while, not before wait has passed.
func (l *Lane) ended(c *Child, item chaining.Queued, page pipeline.Page, wait time.Duration, now time.Time) *crawled {
	o := chaining.Outcome{Done: true}
	if c.API.PollMode == connector.PollContinuous {
		o.Again = now.Add(max(c.API.Repoll, wait))
	}
	return l.crawled(c, item, page, o, now)
}

// failed is an item that got no answer.
func (l *Lane) failed(c *Child, item chaining.Queued, s poll.State, err error, now time.Time) *crawled {
	e, ok := errors.AsType[*fault.Error](err)
	switch {
	case ok && e.Report != nil && e.Report.Status != nil && c.API.EndOn.Contains(*e.Report.Status):
		return l.crawled(c, item, pipeline.Page{Next: s}, chaining.Outcome{Gone: true, Trace: e.Error()}, now)
	case ok && e.Kind == fault.Retriable:
		return l.crawled(c, item, pipeline.Page{Next: s}, chaining.Outcome{Trace: e.Error(), Retry: now.Add(e.RetryAfter)}, now)
	case ok && e.Report == nil && e.Kind != fault.Fatal: // it never came to a request
		reported := *e
		reported.Report = &fault.Report{Message: e.Error(), URL: c.Pipeline.Machine.URL()}
		err = &reported
	}
	page := c.Pipeline.Failure(s, err)
	return l.aside(c, item, page, page.Err, now)
}

// aside is an item whose retries are spent, or of no use: its error is reported, and it waits longer each time.
func (l *Lane) aside(c *Child, item chaining.Queued, page pipeline.Page, e *fault.Error, now time.Time) *crawled {
	failures := int(item.Progress.GetAttempt()) - c.API.MaxRetries
	o := chaining.Outcome{Trace: e.Error(), Retry: now.Add(chaining.Aside(failures))}
	if page.Fault != nil {
		o.Retry = now // as soon as a person has looked
	}
	return l.crawled(c, item, page, o, now)
}

func (l *Lane) crawled(c *Child, item chaining.Queued, page pipeline.Page, o chaining.Outcome, now time.Time) *crawled {
	if page.Batch.Messages == nil {
		page.Batch.Messages = record.Each()
	}
	if o.Offset = item.Progress.GetOffset(); o.Trace == "" { // else it stays where it was
		o.Offset = offsets.Value(page.Next.Offset())
	}
	p := chaining.After(item.Progress, item.Announcement.GetEmission(), o, now)
	done := l.with(page, c, item, p)
	done.asked = true
	return done
}

// with is a page and the progress that goes with it.
func (l *Lane) with(page pipeline.Page, c *Child, item chaining.Queued, p *Progress) *crawled {
	m := chaining.ProgressMessage(l.Topic, c.API.N, item.ID, p)
	done := &crawled{Page: page, child: c, id: item.ID, progress: p, message: m}
	done.Batch.Offset = &done.message
	return done
}
