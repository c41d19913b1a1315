package run

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/api/wire"
)

// completeLimit is how long a person who pressed the tab key waits at most.
const completeLimit = 2 * time.Second

// Names asks the cluster what there is to choose from.
type Names func(ctx context.Context, c *client.Client) ([]string, error)

// ConnectorNames are the connectors.
func (t *Tool) ConnectorNames(ctx context.Context, c *client.Client) ([]string, error) {
	return c.Names(ctx)
}

// WorkerNames are the workers.
func (t *Tool) WorkerNames(ctx context.Context, c *client.Client) ([]string, error) {
	v, err := c.Cluster(ctx)
	var list []string
	for _, w := range v.Workers {
		list = append(list, w.Name)
	}
	return list, err
}

// TaskNames are the tasks. They come from Connect's part of the API, which every worker has.
func (t *Tool) TaskNames(ctx context.Context, c *client.Client) ([]string, error) {
	all, err := c.Statuses(ctx)
	var list []string
	for name, s := range all {
		for _, task := range s.Tasks {
			list = append(list, wire.TaskName(name, task.ID))
		}
	}
	slices.Sort(list)
	return list, err
}

// Complete offers names that are not on the line yet.
func (t *Tool) Complete(names Names) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		return t.offer(cmd, names, args)
	}
}

// CompleteOne offers names for the first argument only.
func (t *Tool) CompleteOne(names Names) cobra.CompletionFunc { return t.CompleteEach(names) }

// CompleteEach has something to offer for each argument; nil is a file.
func (t *Tool) CompleteEach(each ...Names) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(args) >= len(each):
			return nil, cobra.ShellCompDirectiveNoFileComp
		case each[len(args)] == nil:
			return nil, cobra.ShellCompDirectiveDefault
		}
		return t.offer(cmd, each[len(args)], nil)
	}
}

func (t *Tool) offer(cmd *cobra.Command, names Names, taken []string) ([]string, cobra.ShellCompDirective) {
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completeLimit)
	defer cancel()
	t.patience = -1
	c, err := t.Connect()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, err := names(ctx, c)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.DeleteFunc(list, func(name string) bool { return slices.Contains(taken, name) }), cobra.ShellCompDirectiveNoFileComp
}
