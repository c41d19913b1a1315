package assign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/api/wire"
)

const (
	watchEvery = time.Second
	// watchPatience is how long a watch goes on while no worker answers.
	watchPatience = 2 * time.Minute
)

func newWatch(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "watch", Short: "Show assignments as they change, until interrupted", Args: run.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return watch(cmd.Context(), t) },
	}
}

// moved is a task that changed hands while we watched.
type moved struct {
	Time time.Time `json:"time"`
	wire.Move
	Epoch int64 `json:"epoch"`
}

// watch shows who has what, then each change. Workers that do not answer for a while, as in an upgrade, do not end it.
func watch(ctx context.Context, t *run.Tool) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	var before map[string]wire.Task
	var silent time.Time // since when nobody answers
	for {
		a, err := c.Assignments(ctx)
		_, unreachable := errors.AsType[*client.Unreachable](err)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case unreachable && before != nil && (silent.IsZero() || time.Since(silent) < watchPatience):
			if silent.IsZero() {
				silent = time.Now()
				t.Note("workerctl: %v\nlooking again for at most %s", err, watchPatience)
			}
		case err != nil:
			return err
		default:
			silent = time.Time{}
			if before, err = changes(t, before, a); err != nil {
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

// changes shows what became different and returns what there is now. The first time everything is new.
func changes(t *run.Tool, before map[string]wire.Task, a wire.Assignments) (map[string]wire.Task, error) {
	now := make(map[string]wire.Task, len(a.Tasks))
	for _, task := range a.Tasks {
		now[task.Task] = task
		was, known := before[task.Task]
		if known && was.Worker == task.Worker && was.Epoch == task.Epoch {
			continue
		}
		m := moved{t.Now().UTC(), wire.Move{Task: task.Task, From: was.Worker, To: task.Worker, Reason: task.Reason}, task.Epoch}
		if err := t.Line(m, func() { move(t, m) }); err != nil {
			return now, err
		}
	}
	var gone []string
	for name := range before {
		if _, still := now[name]; !still {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	for _, name := range gone {
		m := moved{t.Now().UTC(), wire.Move{Task: name, From: before[name].Worker, Reason: "the task is gone"}, a.Epoch}
		if err := t.Line(m, func() { move(t, m) }); err != nil {
			return now, err
		}
	}
	return now, nil
}

func move(t *run.Tool, m moved) {
	at := m.Time.Format("15:04:05")
	where := cmp.Or(m.To, "nobody")
	if m.From != "" && m.From != m.To {
		where = m.From + " -> " + where
	}
	text := fmt.Sprintf("%s  %s  %s", at, m.Task, where)
	if m.Reason != "" {
		text += "  (" + m.Reason + ")"
	}
	t.Say("%s", text)
}
