package lane

import (
	"context"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker/ahead"
	"github.com/headwater/headwater/worker/meter"
	"github.com/headwater/headwater/worker/pipeline"
)

// A page waits for others that are being fetched, so that a transaction has the pages of many items: a transaction a page
// would cost the broker, and this worker, a multiple of what the pages do. While no request is under way nothing waits.
const (
	together   = 100 * time.Millisecond // at most
	groupBytes = 4 << 20                // or until there is as much
)

// commitAll commits what is ready, group after group, until an error or the end of ctx.
func (l *Lane) commitAll(ctx context.Context, queue *ahead.Queue[*crawled]) error {
	for {
		group, err := queue.Take(ctx)
		if err != nil {
			return err
		}
		group = l.gather(ctx, queue, group)
		err = l.commitGroup(ctx, group)
		for _, c := range group {
			c.Close()
		}
		if err != nil {
			return err
		}
	}
}

// gather adds to a group what the requests under way bring soon.
func (l *Lane) gather(ctx context.Context, queue *ahead.Queue[*crawled], group []*crawled) []*crawled {
	ctx, enough := context.WithTimeout(ctx, together)
	defer enough()
	l.gathers(enough)
	defer l.gathers(nil)
	return append(group, queue.Gather(ctx, groupBytes-bytesOf(group))...)
}

func bytesOf(group []*crawled) (n int64) {
	for _, c := range group {
		n += c.Size()
	}
	return n
}

// gathers sets what to call once no request is under way; nil: nothing.
func (l *Lane) gathers(enough context.CancelFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enough = enough
	l.restingMore(0)
}

// restingMore counts who has nothing to ask for.
func (l *Lane) restingMore(more int) {
	l.resting += more
	if l.resting == l.crawlers && l.enough != nil {
		l.enough()
	}
}

// commitGroup commits pages of several items, each with its item's progress, in one transaction.
func (l *Lane) commitGroup(ctx context.Context, group []*crawled) error {
	batches := make([]record.Batch, len(group))
	pages := make([]pipeline.Page, len(group))
	for i, c := range group {
		batches[i], pages[i] = c.Batch, c.Page
	}
	began := time.Now()
	// A stop must not leave the outcome unknown: the transaction has a timeout of its own.
	if err := l.Committer.Commit(context.WithoutCancel(ctx), batches); err != nil {
		l.Metrics.CommitFailed(l.Task)
		return err
	}
	l.Metrics.Committed(l.Task, pages, time.Since(began))
	meter.Account(&l.board, pages)
	for i, c := range group {
		meter.Account(&c.child.board, pages[i:i+1])
	}
	return l.settle(group)
}

// settle moves memory on after a commit (R12) and lets go of the items.
func (l *Lane) settle(group []*crawled) error {
	done := make([]chaining.Crawled, len(group))
	for i, c := range group {
		done[i] = chaining.Crawled{Child: c.child.API.N, ID: c.id, Progress: c.progress, Encoded: c.message.Value}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Items.Commit(done...); err != nil {
		return err
	}
	for _, c := range group {
		delete(l.busy, c.id)
		if c.progress.GetState() == headwaterv1.Progress_OPEN && c.asked {
			l.states.put(c.id, c.Next)
		} else {
			l.states.forget(c.id)
		}
		if c.Fault != nil && !c.child.stopped {
			c.child.stopped = true
			l.Log.Error("child API stopped on this lane", "task", l.Task, "api", c.child.API.N, "err", c.Fault)
			l.Failed(c.child.API.N, c.Fault)
		}
	}
	l.ring()
	return nil
}
