// Package lane crawls the work items of API chaining: a Lane is one partition of a connector's work queue at work, a Crew the
// lanes of one connector that this worker has.
package lane

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/ahead"
	"github.com/headwater/headwater/worker/hold"
	"github.com/headwater/headwater/worker/meter"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// Lane crawls the work items of one partition of a connector's work queue. Fill in the fields and call Run once.
//
// Whatever it commits goes under the lane's own transactional id: an item's page and its progress are one transaction
// (R5), and pages of several items that are ready go together. An item is busy from when it is picked until its page is
// committed, so what is stored never runs ahead (R12, R14).
type Lane struct {
	Task      string // connector and lane, for logs: "orders/q3"
	Topic     string // the work queue
	Children  []*Child
	Committer Committer
	Lease     hold.Lease
	Items     Items
	// Synced brings Items up to everything that stood in the lane's partition when it was called.
	Synced func(context.Context) error
	// Failed is told when a child API has stopped on this lane, which needs a person.
	Failed  func(api int, err error)
	Metrics *meter.Metrics
	Log     *slog.Logger

	board hold.Board
	queue *ahead.Queue[*crawled]

	mu      sync.Mutex
	busy    map[chaining.ID]bool
	isBusy  func(chaining.ID) bool // looks into it, for Items.Next
	states  *states
	worked  time.Time     // when an item was last picked
	changed chan struct{} // closed and replaced when something may have become due
	wanted  bool          // a claim is, though nothing is due

	crawlers, resting int                // how many crawl, and how many of them have nothing to ask for
	enough            context.CancelFunc // when all do; see gather
}

// Committer commits batches under the lane's transactional id; see worker.Committer.
type Committer interface {
	Claim(context.Context) error
	Commit(context.Context, []record.Batch) error
	Close()
}

// Child is one child API on a lane.
type Child struct {
	API      connector.API
	Pipeline *pipeline.Pipeline
	Fetcher  Trier

	board   hold.Board // counts its pages alone
	due     time.Time  // when the next request may go out (request.interval.ms)
	stopped bool       // it needs a person
}

// Trier asks an API once. Its errors are those of a Fetcher, and one more: Retriable with a report, when the API is to be
// asked again after fault.Error.RetryAfter.
type Trier interface {
	Try(ctx context.Context, r poll.Request, done int) (poll.Response, error)
}

// Items are the work items of the lane.
type Items interface {
	// Next is the item to do next for a child API, those that are busy left out. When none is due, it says when one will
	// be; zero: nobody knows.
	Next(child int, now time.Time, busy func(chaining.ID) bool) (item chaining.Queued, ok bool, next time.Time, err error)
	// Commit takes progress that was committed together.
	Commit(all ...chaining.Crawled) error
}

// Status returns what the lane is doing.
func (l *Lane) Status() hold.Status { return l.board.Read() }

// Crawled returns what the lane has committed for one child API: of a status the counts, the reason and the time.
func (l *Lane) Crawled(api int) hold.Status {
	for _, c := range l.Children {
		if c.API.N == api {
			return c.board.Read()
		}
	}
	return hold.Status{}
}

// Waits shows what a child's Fetcher waits for.
func (l *Lane) Waits(what string, until time.Time) { l.board.Waiting(what, until) }

// Wake makes the lane look for work: something was announced.
func (l *Lane) Wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring()
}

func (l *Lane) ring() {
	if l.changed != nil {
		close(l.changed)
	}
	l.changed = make(chan struct{})
}

// Run claims, crawls and commits until ctx ends or the lane is another's, which both return nil, or it needs a person,
// which returns why.
func (l *Lane) Run(ctx context.Context) error {
	c := &hold.Claims{Task: l.Task, Again: func() { l.Metrics.ClaimAgain(l.Task) }, Log: l.Log, Board: &l.board}
	err := c.Run(ctx, l.claimed, l.rest)
	if err != nil {
		for _, child := range l.Children { // none is crawled on this lane any more
			l.Failed(child.API.N, err)
		}
	}
	return err
}

// claimed is the life of one claim, as a Runner's: lease, fence, lease again, read the queue to its end, crawl. What was
// known in memory goes with the claim before.
func (l *Lane) claimed(ctx context.Context) error {
	if err := hold.Check(ctx, l.Lease); err != nil {
		return err
	}
	if proof.Broken("R3-lane") { // the queue is read before the fence
		if err := l.Synced(ctx); err != nil {
			return err
		}
	}
	l.board.Waiting(hold.WaitClaim, time.Time{})
	if err := l.Committer.Claim(ctx); err != nil {
		return err
	}
	defer l.Committer.Close()
	if err := hold.Check(ctx, l.Lease); err != nil {
		return err
	}
	l.board.Waiting(hold.WaitOffset, time.Time{})
	if !proof.Broken("R3-lane") {
		if err := l.Synced(ctx); err != nil {
			return err
		}
	}
	return l.cycle(ctx)
}

// cycle fetches and commits side by side until one of them ends.
func (l *Lane) cycle(ctx context.Context) error {
	queue := l.begin()
	defer l.end(queue)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.commitAll(ctx, queue) })
	g.Go(func() error { return l.sleeps(ctx) })
	for _, c := range l.Children {
		for range inFlight(c) {
			g.Go(func() error { return l.crawlAll(ctx, c, queue) })
		}
	}
	return g.Wait()
}

func (l *Lane) begin() *ahead.Queue[*crawled] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue, l.busy, l.states, l.worked = ahead.New[*crawled](), map[chaining.ID]bool{}, newStates(), time.Now()
	l.isBusy = func(id chaining.ID) bool { return l.busy[id] }
	l.wanted, l.crawlers, l.resting = false, 0, 0
	for _, c := range l.Children {
		l.crawlers += inFlight(c)
	}
	l.ring()
	return l.queue
}

func inFlight(c *Child) int { return max(c.API.InFlight, 1) }

// end forgets what was fetched ahead and what is in memory (R12).
func (l *Lane) end(queue *ahead.Queue[*crawled]) {
	queue.Drop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue, l.busy = nil, nil
	l.ring()
}

// Idle reports whether nothing was picked for a while, and nothing is under way.
func (l *Lane) Idle(since time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.busy) == 0 && time.Since(l.worked) > since
}

// sleeps ends the claim when nothing was done for long.
func (l *Lane) sleeps(ctx context.Context) error {
	tick := time.NewTicker(hold.IdleClose / 5)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if l.Idle(hold.IdleClose) {
			return hold.ErrIdle
		}
	}
}

// rest waits, without a claim, until an item is due.
func (l *Lane) rest(ctx context.Context) {
	for ctx.Err() == nil {
		wake := l.waker()
		until, due := time.Now().Add(time.Hour), l.isWanted()
		for _, c := range l.Children {
			_, ok, next, err := l.Items.Next(c.API.N, time.Now(), func(chaining.ID) bool { return false })
			due = due || err != nil || ok && !c.stopped
			if !next.IsZero() && next.Before(until) {
				until = next
			}
		}
		if due {
			return
		}
		l.board.Waiting("interval", until)
		l.wait(ctx, wake, until)
	}
}

func (l *Lane) isWanted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wanted
}

func (l *Lane) waker() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.ring()
	}
	return l.changed
}

// wait returns when something has changed, at until, or at the end of ctx.
func (l *Lane) wait(ctx context.Context, wake <-chan struct{}, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// turnOf is where an item stands, as of its last page here, else as it is stored, and what to ask for there.
func (l *Lane) turnOf(c *Child, item chaining.Queued, now time.Time) (poll.State, poll.Turn, error) {
	l.mu.Lock()
	s, known := l.states.get(item.ID)
	l.mu.Unlock()
	if known {
		turn, err := c.Pipeline.Machine.Next(s, now)
		return s, turn, err
	}
	values := make(map[string]string, len(item.Announcement.GetValues()))
	for _, v := range item.Announcement.GetValues() {
		values[v.GetName()] = v.GetValue()
	}
	var stored *offsets.Offset
	if raw := item.Progress.GetOffset(); len(raw) > 0 {
		o, err := offsets.Decode(raw)
		if err != nil {
			return s, poll.Turn{}, &fault.Error{
				Kind: fault.Permanent, Op: "read the offset of item " + item.ID.String(), Err: err,
				Hint: "alter or reset the item's offset",
			}
		}
		stored = &o
	}
	return c.Pipeline.Machine.BeginItem(stored, values, now)
}
