// Package hold holds a transactional id, an API's or a lane's: one claim after the other, for as long as the lease says so.
package hold

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
)

// Claims is one claim after the other of a transactional id.
type Claims struct {
	Task  string // for logs
	Again func() // told of every claim that follows an error
	Log   *slog.Logger
	Board *Board

	fences int // how often in a row the id was taken from us under one lease
}

// Lease is the right to claim a task's transactional ids.
type Lease interface {
	// Check reads the assignment rows to their end. A *coordinator.Lost means that the task is not ours any more: that is
	// final.
	Check(context.Context) error
}

// IdleClose is how far off the next request must be for the producer to be closed meanwhile: three connections to each
// broker are worth more than 10 ms.
const IdleClose = 5 * time.Minute

// ErrIdle ends a claim because nothing is due for a long time.
var ErrIdle = errors.New("idle")

// Run lives claim after claim until ctx ends, which returns nil, or a person is needed, which returns why. rest is what to
// do between two claims when nothing is due.
func (c *Claims) Run(ctx context.Context, life func(context.Context) error, rest func(context.Context)) error {
	wait := Backoff{}
	for ctx.Err() == nil {
		c.Board.Change(func(s *Status) { s.State, s.Trace = Running, "" })
		began := time.Now()
		err := life(ctx)
		if ctx.Err() != nil {
			break
		}
		if _, lost := errors.AsType[*coordinator.Lost](err); lost {
			c.Board.Change(func(s *Status) { s.State, s.Trace, s.Waiting = Unassigned, err.Error(), "" })
			c.Log.Warn("task lost", "task", c.Task, "err", err)
			return nil
		}
		if time.Since(began) > Reset {
			wait, c.fences = Backoff{}, 0
		}
		if errors.Is(err, ErrIdle) {
			rest(ctx)
		} else if err := c.after(ctx, err, &wait); err != nil {
			c.Board.Change(func(s *Status) { s.State, s.Trace, s.Waiting = Failed, err.Error(), "" })
			c.Log.Error("task failed", "task", c.Task, "err", err)
			return err
		}
	}
	c.Board.Change(func(s *Status) { s.State, s.Waiting = Unassigned, "" })
	return nil
}

// after decides what follows the end of a claim: a wait and another claim (nil), or the end.
func (c *Claims) after(ctx context.Context, err error, wait *Backoff) error {
	switch fault.KindOf(err) {
	case fault.Fatal, fault.Permanent:
		return err
	case fault.Fenced:
		c.fences++
		if c.fences > 1 {
			err = fmt.Errorf("fenced %d times under one lease, do two clusters share group.id? %w", c.fences, err)
		}
	case fault.Retriable:
	}
	pause := wait.Next()
	c.Log.Warn("will claim again", "task", c.Task, "in", pause, "err", err)
	c.Board.Waiting("retry: "+err.Error(), time.Now().Add(pause))
	c.Again()
	Sleep(ctx, pause)
	return nil
}

// Check looks whether a lease still holds.
func Check(ctx context.Context, l Lease) error {
	if proof.Broken("R10") {
		return nil
	}
	return l.Check(ctx)
}

// Sleep waits for d or the end of ctx.
func Sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
