package assign

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/cmd/workerctl/story"
	"github.com/headwater/headwater/internal/api/wire"
)

// NewWorker makes the family worker.
func NewWorker(t *run.Tool) *cobra.Command {
	return run.Group(t, "worker", "List workers, take work from them and give it back", newWorkerList(t), newDrain(t), newUndrain(t))
}

func newWorkerList(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Show the workers and what they are like", Args: run.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return workerList(cmd.Context(), t) },
	}
}

func workerList(ctx context.Context, t *run.Tool) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	v, err := c.Cluster(ctx)
	if err != nil {
		return err
	}
	v.Workers = append([]wire.Worker{}, v.Workers...)
	return t.Print(v, func() {
		table := show.NewTable("NAME", "STATE", "TASKS", "LOAD", "VERSION", "UP", "NOTES", "URL")
		for _, w := range v.Workers {
			table.Row(w.Name, w.State, strconv.Itoa(w.Tasks), load(w.Load), w.Version, up(w.Started, t.Now()), notes(w), w.URL)
		}
		t.Table(table)
	})
}

func load(load float64) string {
	if load == 0 {
		return ""
	}
	return fmt.Sprintf("%.3g records/s", load)
}

func up(started, now time.Time) string {
	if started.IsZero() {
		return ""
	}
	return story.Span(max(0, now.Sub(started)))
}

func notes(w wire.Worker) string {
	var all []string
	if w.Leader {
		all = append(all, "leader")
	}
	switch {
	case w.Draining && w.DrainReason != "":
		all = append(all, "draining: "+w.DrainReason)
	case w.Draining:
		all = append(all, "draining")
	}
	return strings.Join(all, "; ")
}
