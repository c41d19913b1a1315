// Package connector is the commands about connectors, their tasks, offsets and topics.
package connector

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/internal/api/client"
)

// New makes the family connector.
func New(t *run.Tool) *cobra.Command {
	return run.Group(t, "connector", "List, create, change, run and explain connectors",
		newList(t), newGet(t), newConfig(t), newStatus(t), newExplain(t),
		newValidate(t), newCreate(t), newApply(t), newDelete(t),
		newPause(t), newResume(t), newStop(t), newRestart(t))
}

func newList(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List connectors and how they stand", Args: run.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return connectorList(cmd.Context(), t) },
	}
}

// connectorList shows connectors without a status too: Connect leaves them out of the list of statuses.
func connectorList(ctx context.Context, t *run.Tool) error {
	all, err := statuses(t, ctx, nil)
	if err != nil {
		return err
	}
	return t.Print(all, func() {
		table := show.NewTable("NAME", "STATE", "TASKS", "RUNNING", "FAILED", "WORKERS")
		for _, s := range all {
			table.Row(s.Name, s.Connector.State, strconv.Itoa(len(s.Tasks)), strconv.Itoa(count(s, "RUNNING")), strconv.Itoa(count(s, "FAILED")), workersOf(s))
		}
		t.Table(table)
	})
}

// statuses returns the status of the named connectors, of all when there are no names, in the order of names.
func statuses(t *run.Tool, ctx context.Context, names []string) ([]client.Status, error) {
	c, err := t.Connect()
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		list := make([]client.Status, len(names))
		for i, name := range names {
			if list[i], err = c.Status(ctx, name); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	all, err := c.Statuses(ctx)
	if err == nil {
		names, err = c.Names(ctx)
	}
	slices.Sort(names)
	list := make([]client.Status, len(names))
	for i, name := range names {
		s, ok := all[name]
		if !ok {
			s = client.Status{Name: name, Connector: client.State{State: "UNKNOWN"}, Tasks: []client.TaskState{}}
		}
		list[i] = s
	}
	return list, err
}

func workersOf(s client.Status) string {
	var names []string
	for _, task := range s.Tasks {
		if task.Worker != "" && !slices.Contains(names, task.Worker) {
			names = append(names, task.Worker)
		}
	}
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

func newGet(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "get NAME", Short: "Show a connector: kind, state, tasks and configuration", Args: run.Takes(1, 1), ValidArgsFunction: t.CompleteOne(t.ConnectorNames),
		RunE: func(cmd *cobra.Command, args []string) error { return connectorGet(cmd.Context(), t, args[0]) },
	}
}

func connectorGet(ctx context.Context, t *run.Tool, name string) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	info, err := c.Connector(ctx, name)
	if err != nil {
		return err
	}
	return t.Print(info, func() {
		t.Say("%s (%s, %d tasks)\n", info.Name, info.Type, len(info.Tasks))
		properties(t, info.Config)
	})
}

func newConfig(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "config NAME", Short: "Show a connector's configuration, as connector apply takes it", Args: run.Takes(1, 1),
		ValidArgsFunction: t.CompleteOne(t.ConnectorNames),
		Long: `Show a connector's configuration, as connector apply takes it.

Secrets show as ***. Applied again, *** stands for the secret that is there, as long as the
hosts that it is sent to stay the same.`,
		RunE: func(cmd *cobra.Command, args []string) error { return connectorConfig(cmd.Context(), t, args[0]) },
	}
}

func connectorConfig(ctx context.Context, t *run.Tool, name string) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	config, err := c.Config(ctx, name)
	if err != nil {
		return err
	}
	return t.Print(config, func() { properties(t, config) })
}

func properties(t *run.Tool, config map[string]string) {
	table := show.NewTable("PROPERTY", "VALUE")
	for _, name := range slices.Sorted(maps.Keys(config)) {
		table.Row(name, config[name])
	}
	t.Table(table)
}

func newStatus(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "status NAME...", Short: "Show the state of connectors and their tasks", Args: run.Takes(1, -1), ValidArgsFunction: t.Complete(t.ConnectorNames),
		RunE: func(cmd *cobra.Command, args []string) error { return connectorStatus(cmd.Context(), t, args) },
	}
}

func connectorStatus(ctx context.Context, t *run.Tool, names []string) error {
	list, err := statuses(t, ctx, names)
	if err != nil {
		return err
	}
	return t.Print(list, func() {
		table := show.NewTable("NAME", "STATE", "WORKER", "TRACE")
		for _, s := range list {
			table.Row(s.Name, s.Connector.State, s.Connector.Worker, s.Connector.Trace)
			for _, task := range s.Tasks {
				table.Row(fmt.Sprintf("%s/%d", s.Name, task.ID), task.State.State, task.Worker, task.Trace)
			}
		}
		t.Table(table)
	})
}
