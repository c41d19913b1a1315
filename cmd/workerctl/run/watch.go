package run

import (
	"context"
	"errors"
	"time"

	"github.com/headwater/headwater/internal/api/client"
)

const (
	// watchEvery is how often a watch asks.
	watchEvery = time.Second
	// watchPatience is how long a watch goes on while no worker answers.
	watchPatience = 2 * time.Minute
)

// Watch asks again and again until ctx ends, and shows every answer. Workers that do not answer for a while, as in an upgrade,
// do not end it, save at its first question.
func Watch[T any](ctx context.Context, t *Tool, ask func(context.Context) (T, error), show func(T) error) error {
	answered := false
	var silent time.Time // since when nobody answers
	for {
		now, err := ask(ctx)
		_, unreachable := errors.AsType[*client.Unreachable](err)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case unreachable && answered && (silent.IsZero() || time.Since(silent) < watchPatience):
			if silent.IsZero() {
				silent = time.Now()
				t.Note("workerctl: %v\nlooking again for at most %s", err, watchPatience)
			}
		case err != nil:
			return err
		default:
			silent, answered = time.Time{}, true
			if err := show(now); err != nil {
				return err
			}
		}
		select {
		case <-time.After(watchEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
