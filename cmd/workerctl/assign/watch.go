package assign

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/internal/api/wire"
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

// watch shows who has what, then each change.
func watch(ctx context.Context, t *run.Tool) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	var before map[string]wire.Task
	return run.Watch(ctx, t, c.Assignments, func(now wire.Assignments) (err error) {
		before, err = changes(t, before, now)
		return err
	})
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
