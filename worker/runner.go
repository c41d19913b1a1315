package worker

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/ahead"
	"github.com/headwater/headwater/worker/hold"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// Runner runs one API. Fill in the fields and call Run once.
type Runner struct {
	Task      string        // name of the task and API, for logs
	Interval  time.Duration // request.interval.ms
	Pipeline  *pipeline.Pipeline
	Fetcher   Fetcher
	Committer Committer
	Offsets   Offsets
	Lease     Lease
	Metrics   *Metrics
	Log       *slog.Logger

	board hold.Board
	due   time.Time // when the next request may go out; zero: at once
}

// Status returns what the API is doing.
func (r *Runner) Status() Status { return r.board.Read() }

// Waits shows what its Fetcher waits for.
func (r *Runner) Waits(what string, until time.Time) { r.board.Waiting(what, until) }

// Run claims, polls and commits until ctx ends, which returns nil, or the API needs a person, which returns why.
func (r *Runner) Run(ctx context.Context) error {
	return r.claims().Run(ctx, r.claimed, func(ctx context.Context) {
		r.board.Waiting("interval", r.due)
		hold.Sleep(ctx, time.Until(r.due))
	})
}

func (r *Runner) claims() *hold.Claims {
	return &hold.Claims{Task: r.Task, Again: func() { r.Metrics.ClaimAgain(r.Task) }, Log: r.Log, Board: &r.board}
}

// claimed is the life of one claim: lease, fence, lease again, read the offset, poll (R3). The first look spares a
// successor a needless fence. The second sees a change that the leader made between the first and the claim: it takes
// the rows away before it fences the ids (R16), so whoever claims after its fence finds the rows changed.
func (r *Runner) claimed(ctx context.Context) error {
	if err := r.check(ctx); err != nil {
		return err
	}
	state, err := r.position(ctx)
	if err != nil {
		return err
	}
	defer r.Committer.Close()
	return r.cycle(ctx, state)
}

func (r *Runner) check(ctx context.Context) error { return hold.Check(ctx, r.Lease) }

// position fences, then reads where we stand.
func (r *Runner) position(ctx context.Context) (poll.State, error) {
	var early *offsets.Offset
	if proof.Broken("R3") {
		early, _ = r.Offsets.Load(ctx, r.Pipeline.Partition)
	}
	r.board.Waiting(hold.WaitClaim, time.Time{})
	if err := r.Committer.Claim(ctx); err != nil {
		return poll.State{}, err
	}
	state, err := r.resume(ctx, early)
	if err != nil {
		r.Committer.Close()
	}
	return state, err
}

// resume reads, after the claim, whether it still holds and where the sweep goes on.
func (r *Runner) resume(ctx context.Context, early *offsets.Offset) (poll.State, error) {
	if !proof.Broken("recheck") {
		if err := r.check(ctx); err != nil {
			return poll.State{}, err
		}
	}
	r.board.Waiting(hold.WaitOffset, time.Time{})
	stored, err := r.Offsets.Load(ctx, r.Pipeline.Partition)
	if err != nil {
		return poll.State{}, err
	}
	if proof.Broken("R3") {
		stored = early
	}
	proof.Point("loaded")
	return r.Pipeline.Machine.Start(stored)
}

// cycle fetches and commits side by side until one of them ends.
func (r *Runner) cycle(ctx context.Context, state poll.State) error {
	queue := ahead.New[pipeline.Page]()
	defer queue.Drop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.fetchAll(ctx, state, queue) })
	g.Go(func() error { return r.commitAll(ctx, queue) })
	return g.Wait()
}
