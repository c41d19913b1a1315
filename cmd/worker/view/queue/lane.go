// Package queue is what a worker knows of work queues and may do to them: the lanes that run here, and the topic of a
// connector whose lanes run nowhere.
package queue

import (
	"context"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/internal/api/wire"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker/hold"
)

// Lane is a lane that runs on this worker.
type Lane struct {
	N     int32
	APIs  []int // the child APIs
	Crawl Crawler
	Items *items.Lane
}

// Crawler is the lane at work; see lane.Lane.
type Crawler interface {
	Status() hold.Status
	// Crawled counts what was committed for one child API.
	Crawled(api int) hold.Status
	Amend(ctx context.Context, item func() (chaining.Queued, error), change func(chaining.Queued) (*headwaterv1.Progress, error)) error
}

// Ready reports whether the lane knows its items: it does once it has read them to their end, and may run.
func (l Lane) Ready() bool {
	s := l.Crawl.Status().State
	return s == hold.Running || s == hold.Failed
}

// Row is the lane as the REST API shows it.
func (l Lane) Row(worker string, now time.Time) (wire.QueueLane, error) {
	s := l.Crawl.Status()
	out := wire.QueueLane{
		Lane: int(l.N), Worker: worker, State: string(s.State), Waiting: s.Waiting, Until: s.Until.UTC(), Trace: s.Trace, APIs: []wire.QueueAPI{},
	}
	if s.State == "" {
		out.State, out.Waiting = string(hold.Unassigned), hold.WaitOffset
	}
	if s.Waiting == "" || s.Until.IsZero() {
		out.Until = time.Time{}
	}
	for _, api := range l.APIs {
		c, err := l.Count(api, now)
		if err != nil {
			return out, err
		}
		out.Lag += c.Waiting
		out.APIs = append(out.APIs, c)
	}
	return out, nil
}

// Count counts the items of a child API.
func (l Lane) Count(api int, now time.Time) (wire.QueueAPI, error) {
	c := l.Items.Counts()[api]
	out := wire.QueueAPI{API: api, Waiting: c.Waiting, Active: c.Active, Idle: c.Idle, Failed: c.Failed, Ended: c.Ended}
	next, ok, due, err := l.Items.Next(api, now, nil)
	switch {
	case err != nil:
		return out, err
	case ok && items.StateOf(next) == items.Waiting:
		out.OldestWaiting = time.UnixMilli(next.Announcement.GetUnixMs()).UTC()
	case !ok && !due.IsZero():
		out.NextDue = due.UTC()
	}
	return out, nil
}
