package worker

import (
	"context"
	"time"

	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/worker/ahead"
	"github.com/headwater/headwater/worker/hold"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// fetchAll asks for page after page, ahead of the commits. The state it moves on is what was fetched; what counts is
// only what commitAll has committed.
func (r *Runner) fetchAll(ctx context.Context, s poll.State, queue *ahead.Queue[pipeline.Page]) error {
	for {
		if err := r.pace(ctx, queue); err != nil {
			return err
		}
		turn, err := r.Pipeline.Machine.Next(s, time.Now())
		if err == nil && turn.Wait > 0 {
			r.due = time.Now().Add(turn.Wait)
			s = turn.State
			continue
		}
		page, err := r.fetch(ctx, s, turn, err)
		if err != nil {
			return err
		}
		r.due = time.Now().Add(r.Interval)
		r.board.Waiting("commit", time.Time{}) // so it is when the queue is full
		if err := queue.Put(ctx, page); err != nil || page.Fault != nil {
			return err
		}
		s = page.Next
	}
}

// pace waits until the next request is due. A long wait ends the claim: commitAll does so once everything fetched is
// committed, and the end of ctx follows.
func (r *Runner) pace(ctx context.Context, queue *ahead.Queue[pipeline.Page]) error {
	wait := time.Until(r.due)
	if wait <= 0 {
		return ctx.Err()
	}
	if wait > hold.IdleClose {
		if err := queue.Put(ctx, pipeline.Page{Idle: true}); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	proof.Point("waiting")
	r.board.Waiting("interval", r.due)
	hold.Sleep(ctx, wait)
	return ctx.Err()
}

// fetch asks once and works out what the answer comes to. Its error is the end of ctx; everything else is a page.
func (r *Runner) fetch(ctx context.Context, s poll.State, turn poll.Turn, err error) (pipeline.Page, error) {
	if err != nil {
		return r.Pipeline.Failure(s, err), nil
	}
	resp, err := r.Fetcher.Fetch(ctx, turn.Request)
	if ctx.Err() != nil {
		if err == nil {
			_ = resp.Records.Close()
		}
		return pipeline.Page{}, ctx.Err()
	}
	if err != nil {
		return r.Pipeline.Failure(turn.State, err), nil
	}
	proof.Point("request-sent")
	page := r.Pipeline.Page(turn.State, resp, time.Now())
	proof.Point("page")
	return page, nil
}
