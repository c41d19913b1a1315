package worker

import (
	"context"
	"time"

	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/worker/ahead"
	"github.com/headwater/headwater/worker/hold"
	"github.com/headwater/headwater/worker/meter"
	"github.com/headwater/headwater/worker/pipeline"
)

// commitAll commits what is ready, group after group, until an error, a page that fails the task, or the end of ctx.
func (r *Runner) commitAll(ctx context.Context, queue *ahead.Queue[pipeline.Page]) error {
	for {
		pages, err := queue.Take(ctx)
		if err != nil {
			return err
		}
		if proof.Broken("R14") {
			time.Sleep(time.Second) // until something more is fetched
			overtake(queue, pages)
		}
		err = r.commitGroup(ctx, pages)
		for _, p := range pages {
			p.Close()
		}
		if err != nil {
			return err
		}
		last := pages[len(pages)-1]
		if last.Fault != nil {
			return last.Fault
		}
		if last.Idle {
			return hold.ErrIdle
		}
	}
}

// commitGroup commits whole pages in one transaction. A poll that brought nothing and moved no offset commits nothing.
func (r *Runner) commitGroup(ctx context.Context, pages []pipeline.Page) error {
	batches := make([]record.Batch, 0, len(pages))
	for _, p := range pages {
		if !p.Empty() {
			batches = append(batches, p.Batch)
		}
	}
	began := time.Now()
	if len(batches) > 0 {
		// A stop must not leave the outcome unknown: the transaction has a timeout of its own.
		err := r.Committer.Commit(context.WithoutCancel(ctx), batches)
		if err != nil && !proof.Broken("R12") {
			r.Metrics.CommitFailed(r.Task)
			return err
		}
	}
	meter.Account(&r.board, pages)
	r.Metrics.Committed(r.Task, pages, time.Since(began))
	return nil
}

// overtake is wrong on purpose, for the proof of R14: it lets a group carry the offset of what is only fetched.
func overtake(a *ahead.Queue[pipeline.Page], group []pipeline.Page) {
	a.Peek(func(pages []pipeline.Page) {
		for _, p := range pages {
			if p.Batch.Offset != nil {
				group[len(group)-1].Batch.Offset = p.Batch.Offset
			}
		}
	})
}
