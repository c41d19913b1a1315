package worker

import (
	"context"
	"time"

	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/worker/pipeline"
)

// commitAll commits what is ready, group after group, until an error, a page that fails the task, or the end of ctx.
func (r *Runner) commitAll(ctx context.Context, queue *ahead) error {
	for {
		pages, err := queue.take(ctx)
		if err != nil {
			return err
		}
		if proof.Broken("R14") {
			time.Sleep(time.Second) // until something more is fetched
			queue.overtake(pages)
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
			return errIdle
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
			r.Metrics.commitFailed(r.Task)
			return err
		}
	}
	r.account(pages, time.Since(began))
	return nil
}

// account shows what was committed.
func (r *Runner) account(pages []pipeline.Page, took time.Duration) {
	now := time.Now()
	r.board.change(func(s *Status) {
		for _, p := range pages {
			s.Reason = string(p.Reason)
			s.Records += int64(p.Records)
			s.Rejected += int64(p.Rejected)
			if !p.Empty() {
				s.Pages++
				s.Committed = now
			}
		}
	})
	r.Metrics.committed(r.Task, pages, took)
}
