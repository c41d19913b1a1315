// Package assign is the commands about who runs what, and about workers.
package assign

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/cmd/workerctl/story"
	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/api/wire"
)

// New makes the family assign.
func New(t *run.Tool) *cobra.Command {
	return run.Group(t, "assign", "See and change who runs what",
		newList(t), newPin(t), newUnpin(t), newMove(t), newDrain(t), newUndrain(t), newPlan(t), newWatch(t))
}

func newList(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "list [CONNECTOR...]", Short: "Show who runs what, since when and why", Args: run.Takes(0, -1), ValidArgsFunction: t.Complete(t.ConnectorNames),
		RunE: func(cmd *cobra.Command, args []string) error { return list(cmd.Context(), t, args) },
	}
}

func list(ctx context.Context, t *run.Tool, connectors []string) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	a, err := c.Assignments(ctx)
	if err != nil {
		return err
	}
	a.Tasks = slices.DeleteFunc(append([]wire.Task{}, a.Tasks...), func(task wire.Task) bool {
		return len(connectors) > 0 && !slices.Contains(connectors, task.Connector)
	})
	return t.Print(a, func() {
		table := show.NewTable("TASK", "APIS", "WORKER", "SINCE", "EPOCH", "PINNED", "CRASHES", "REASON")
		for _, task := range a.Tasks {
			table.Row(task.Task, strings.Join(task.APIs, ","), task.Worker, story.Ago(task.Since, t.Now()),
				strconv.FormatInt(task.Epoch, 10), task.Pinned, strconv.Itoa(task.Crashes), task.Reason)
		}
		t.Table(table)
	})
}

// options is a change of assignments.
type options struct {
	*run.Tool
	run.Waiting
	dryRun bool
	change wire.Change
}

// run makes the change and says which tasks move because of it.
func (o *options) run(ctx context.Context) error {
	if err := o.change.Validate(); err != nil {
		return run.Input(err)
	}
	c, err := o.Connect()
	if err != nil {
		return err
	}
	ask := c.Apply
	if o.dryRun {
		ask = c.Plan
	}
	m, err := ask(ctx, o.change)
	if err != nil {
		return err
	}
	m.Moves = append([]wire.Move{}, m.Moves...)
	if o.Wait && !o.dryRun {
		err = o.Until(ctx, o.Waiting, o.goal(), o.arrived(c))
	}
	if shown := o.Print(m, func() { o.moves(m) }); shown != nil {
		return shown
	}
	return err
}

func (o *options) moves(m wire.Moves) {
	if len(m.Moves) == 0 {
		o.Say("no task has to move")
		return
	}
	table := show.NewTable("TASK", "FROM", "TO", "REASON")
	for _, move := range m.Moves {
		table.Row(move.Task, move.From, move.To, move.Reason)
	}
	o.Table(table)
}

func (o *options) goal() string {
	if len(o.change.Drain) > 0 {
		return strings.Join(o.change.Drain, ", ") + " has no tasks"
	}
	return "all is where it should be and RUNNING"
}

// arrived looks whether drained workers have no tasks, and tasks that were pinned or moved run where they should.
func (o *options) arrived(c *client.Client) run.Look {
	return func(ctx context.Context) (bool, string, error) {
		a, err := c.Assignments(ctx)
		if err != nil {
			return false, "", err
		}
		for _, worker := range o.change.Drain {
			if n := tasksOf(a, worker); n > 0 {
				return false, fmt.Sprintf("%s has %d tasks", worker, n), nil
			}
		}
		for _, wanted := range []map[string]string{o.change.Pin, o.change.Move} {
			for task, worker := range wanted {
				if now, err := o.runs(ctx, c, a, task, worker); now != "" || err != nil {
					return false, now, err
				}
			}
		}
		return true, "", nil
	}
}

func tasksOf(a wire.Assignments, worker string) (n int) {
	for _, task := range a.Tasks {
		if task.Worker == worker {
			n++
		}
	}
	return n
}

// runs returns nothing when a task runs on a worker, else what is the case.
func (o *options) runs(ctx context.Context, c *client.Client, a wire.Assignments, task, worker string) (string, error) {
	i := slices.IndexFunc(a.Tasks, func(t wire.Task) bool { return t.Task == task })
	if i < 0 || a.Tasks[i].Worker != worker {
		return task + " is not assigned to " + worker + " yet", nil
	}
	s, err := c.TaskStatus(ctx, a.Tasks[i].Connector, a.Tasks[i].ID)
	if err != nil && !run.Missing(err) {
		return "", err
	}
	if s.Worker != worker || s.State.State != "RUNNING" {
		return fmt.Sprintf("%s is %s on %s", task, s.State.State, s.Worker), nil
	}
	return "", nil
}

func newPin(t *run.Tool) *cobra.Command {
	return place(t, "pin", "Tie a task to a worker, for as long as that worker is there", func(c *wire.Change, task, worker string) {
		c.Pin = map[string]string{task: worker}
	})
}

func newMove(t *run.Tool) *cobra.Command {
	return place(t, "move", "Move a task to a worker now, without tying it", func(c *wire.Change, task, worker string) {
		c.Move = map[string]string{task: worker}
	})
}

func place(t *run.Tool, use, short string, set func(c *wire.Change, task, worker string)) *cobra.Command {
	o := &options{Tool: t}
	cmd := &cobra.Command{
		Use: use + " TASK WORKER", Short: short, Args: run.Takes(2, 2), Example: "  workerctl assign " + use + " orders/0 w1:8083",
		ValidArgsFunction: t.CompleteEach(t.TaskNames, t.WorkerNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			set(&o.change, args[0], args[1])
			return o.run(cmd.Context())
		},
	}
	o.Waiting.Flags(cmd, "the task is RUNNING there")
	run.DryRun(cmd, &o.dryRun)
	return cmd
}

func newUnpin(t *run.Tool) *cobra.Command {
	o := &options{Tool: t}
	cmd := &cobra.Command{
		Use: "unpin TASK...", Short: "Untie tasks; they stay where they are until there is a cause to move them", Args: run.Takes(1, -1),
		ValidArgsFunction: t.Complete(t.TaskNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.change.Unpin = args
			return o.run(cmd.Context())
		},
	}
	run.DryRun(cmd, &o.dryRun)
	return cmd
}

func newDrain(t *run.Tool) *cobra.Command {
	o := &options{Tool: t}
	cmd := &cobra.Command{
		Use: "drain WORKER...", Short: "Move everything away from workers and give them nothing more", Args: run.Takes(1, -1),
		ValidArgsFunction: t.Complete(t.WorkerNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.change.Drain = args
			return o.run(cmd.Context())
		},
	}
	o.Waiting.Flags(cmd, "they have no tasks")
	run.DryRun(cmd, &o.dryRun)
	return cmd
}

func newUndrain(t *run.Tool) *cobra.Command {
	o := &options{Tool: t}
	cmd := &cobra.Command{
		Use: "undrain WORKER...", Short: "Give drained workers their share again", Args: run.Takes(1, -1), ValidArgsFunction: t.Complete(t.WorkerNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.change.Undrain = args
			return o.run(cmd.Context())
		},
	}
	run.DryRun(cmd, &o.dryRun)
	return cmd
}
