package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/offsets"
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

	board  board
	due    time.Time // when the next request may go out; zero: at once
	fences int       // how often in a row the id was taken from us under one lease
}

// Status returns what the API is doing.
func (r *Runner) Status() Status { return r.board.read() }

// Waits shows what its Fetcher waits for.
func (r *Runner) Waits(what string, until time.Time) { r.board.waiting(what, until) }

// idleClose is how far off the next request must be for the producer to be closed meanwhile: three connections to each
// broker are worth more than 10 ms.
const idleClose = 5 * time.Minute

// errIdle ends a claim because nothing is due for a long time.
var errIdle = errors.New("idle")

// Run claims, polls and commits until ctx ends, which returns nil, or the API needs a person, which returns why.
func (r *Runner) Run(ctx context.Context) error {
	wait := backoff{}
	for ctx.Err() == nil {
		r.board.change(func(s *Status) { s.State, s.Trace = Running, "" })
		began := time.Now()
		err := r.claimed(ctx)
		if ctx.Err() != nil {
			break
		}
		if _, lost := errors.AsType[*coordinator.Lost](err); lost {
			r.board.change(func(s *Status) { s.State, s.Trace, s.Waiting = Unassigned, err.Error(), "" })
			r.Log.Warn("task lost", "task", r.Task, "err", err)
			return nil
		}
		if time.Since(began) > backoffReset {
			wait, r.fences = backoff{}, 0
		}
		if err := r.after(ctx, err, &wait); err != nil {
			r.board.change(func(s *Status) { s.State, s.Trace, s.Waiting = Failed, err.Error(), "" })
			r.Log.Error("task failed", "task", r.Task, "err", err)
			return err
		}
	}
	r.board.change(func(s *Status) { s.State, s.Waiting = Unassigned, "" })
	return nil
}

// after decides what follows the end of a claim: a wait and another claim (nil), or the end.
func (r *Runner) after(ctx context.Context, err error, wait *backoff) error {
	if errors.Is(err, errIdle) {
		r.board.waiting("interval", r.due)
		sleep(ctx, time.Until(r.due))
		return nil
	}
	switch fault.KindOf(err) {
	case fault.Fatal, fault.Permanent:
		return err
	case fault.Fenced:
		r.fences++
		if r.fences > 1 {
			err = fmt.Errorf("fenced %d times under one lease, do two clusters share group.id? %w", r.fences, err)
		}
	case fault.Retriable:
	}
	pause := wait.next()
	r.Log.Warn("will claim again", "task", r.Task, "in", pause, "err", err)
	r.board.waiting("retry: "+err.Error(), time.Now().Add(pause))
	r.Metrics.claimAgain(r.Task)
	sleep(ctx, pause)
	return nil
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

func (r *Runner) check(ctx context.Context) error {
	if proof.Broken("R10") {
		return nil
	}
	return r.Lease.Check(ctx)
}

// position fences, then reads where we stand.
func (r *Runner) position(ctx context.Context) (poll.State, error) {
	var early *offsets.Offset
	if proof.Broken("R3") {
		early, _ = r.Offsets.Load(ctx, r.Pipeline.Partition)
	}
	r.board.waiting(waitClaim, time.Time{})
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
	r.board.waiting(waitOffset, time.Time{})
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
	queue := newAhead()
	defer queue.drop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.fetchAll(ctx, state, queue) })
	g.Go(func() error { return r.commitAll(ctx, queue) })
	return g.Wait()
}
