package connector

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/api/wire"
)

// NewTask makes the family task.
func NewTask(t *run.Tool) *cobra.Command {
	return run.Group(t, "task", "List tasks and start them again", newTaskList(t), newTaskRestart(t))
}

func newTaskList(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "list [CONNECTOR...]", Short: "Show tasks and their state", Args: run.Takes(0, -1), ValidArgsFunction: t.Complete(t.ConnectorNames),
		RunE: func(cmd *cobra.Command, args []string) error { return taskList(cmd.Context(), t, args) },
	}
}

// listedTask is a task as task list shows it.
type listedTask struct {
	Task string `json:"task"`
	client.State
}

func taskList(ctx context.Context, t *run.Tool, connectors []string) error {
	all, err := statuses(t, ctx, connectors)
	if err != nil {
		return err
	}
	tasks := []listedTask{}
	for _, s := range all {
		for _, task := range s.Tasks {
			tasks = append(tasks, listedTask{wire.TaskName(s.Name, task.ID), task.State})
		}
	}
	return t.Print(tasks, func() {
		table := show.NewTable("TASK", "STATE", "WORKER", "TRACE")
		for _, task := range tasks {
			table.Row(task.Task, task.State.State, task.Worker, task.Trace)
		}
		t.Table(table)
	})
}

// taskOptions is a restart of tasks.
type taskOptions struct {
	*run.Tool
	run.Waiting
	tasks  []string
	dryRun bool
}

func newTaskRestart(t *run.Tool) *cobra.Command {
	o := &taskOptions{Tool: t}
	cmd := &cobra.Command{
		Use: "restart TASK...", Short: "Start tasks again", Args: run.Takes(1, -1), ValidArgsFunction: t.Complete(t.TaskNames),
		Example: "  workerctl task restart orders/0",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.tasks = args
			return o.run(cmd.Context())
		},
	}
	o.Waiting.Flags(cmd, "they are RUNNING")
	run.DryRun(cmd, &o.dryRun)
	return cmd
}

func (o *taskOptions) run(ctx context.Context) error {
	for _, name := range o.tasks {
		if _, _, err := wire.ParseTask(name); err != nil {
			return run.Input(err)
		}
	}
	c, err := o.Connect()
	if err != nil {
		return err
	}
	var faults []error
	results := []result{}
	for _, name := range o.tasks {
		r := result{Name: name, Done: "restarted", DryRun: o.dryRun}
		if r.State, err = o.one(ctx, c, name); err != nil {
			faults = append(faults, fmt.Errorf("task %s: %w", name, err))
			continue
		}
		results = append(results, r)
	}
	return errors.Join(append(faults, report(o.Tool, results))...)
}

func (o *taskOptions) one(ctx context.Context, c *client.Client, name string) (state string, _ error) {
	connector, id, err := wire.ParseTask(name)
	if err != nil {
		return "", err
	}
	if o.dryRun {
		s, err := c.TaskStatus(ctx, connector, id)
		return s.State.State, err
	}
	if err := c.RestartTask(ctx, connector, id); err != nil || !o.Wait {
		return "", err
	}
	return "RUNNING", o.Until(ctx, o.Waiting, name+" is RUNNING", func(ctx context.Context) (bool, string, error) {
		s, err := c.TaskStatus(ctx, connector, id)
		if run.Missing(err) {
			return false, "it has no status", nil
		}
		return s.State.State == "RUNNING", s.State.State + " " + show.FirstLine(s.Trace), err
	})
}
