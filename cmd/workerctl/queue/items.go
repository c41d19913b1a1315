package queue

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
	"github.com/headwater/headwater/cmd/workerctl/story"
	"github.com/headwater/headwater/internal/api/wire"
)

func newItems(t *run.Tool) *cobra.Command {
	q := wire.ItemQuery{}
	cmd := &cobra.Command{
		Use: "items NAME", Short: "List work items: what they stand for, where they are, and why they failed", Args: run.Takes(1, 1),
		ValidArgsFunction: t.CompleteOne(t.ConnectorNames),
		Example:           "  workerctl queue items orders --state failed",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args, q); err != nil {
				return err
			}
			return list(cmd.Context(), t, args[0], q)
		},
	}
	choose(cmd, &q)
	cmd.Flags().StringVar(&q.After, "after", "", "only items behind this `ID`")
	cmd.Flags().IntVar(&q.Limit, "limit", wire.DefaultItems, "`number` of items, at most "+strconv.Itoa(wire.MaxItems))
	return cmd
}

// choose adds the flags that say which items are meant.
func choose(cmd *cobra.Command, q *wire.ItemQuery) {
	cmd.Flags().IntVar(&q.API, "api", 0, "only items of this child API: the `N` of apiN")
	cmd.Flags().StringVar(&q.State, "state", "", "only items in this `state`: "+strings.Join(wire.ItemStates, ", "))
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(wire.ItemStates, cobra.ShellCompDirectiveNoFileComp))
}

// check refuses what no worker could make sense of.
func check(cmd *cobra.Command, args []string, q wire.ItemQuery) error {
	flags := cmd.Flags()
	switch {
	case flags.Changed("state") && !slices.Contains(wire.ItemStates, q.State):
		return run.Usage(fmt.Sprintf("--state %q is none of %s", q.State, strings.Join(wire.ItemStates, ", ")), run.Line(cmd, args)+" --state "+wire.ItemFailed)
	case flags.Changed("api") && q.API < 1:
		return run.Usage("--api is the N of apiN, from 1", run.Line(cmd, args)+" --api 2")
	case flags.Changed("limit") && (q.Limit < 1 || q.Limit > wire.MaxItems):
		return run.Usage(fmt.Sprintf("--limit is from 1 to %d", wire.MaxItems), run.Line(cmd, args)+" --limit "+strconv.Itoa(wire.MaxItems))
	}
	return nil
}

func list(ctx context.Context, t *run.Tool, name string, q wire.ItemQuery) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	found, err := c.Items(ctx, name, q)
	if err != nil {
		return err
	}
	found.Items = append([]wire.QueueItem{}, found.Items...)
	notCounted(t, name, found.Missing, found.Unread)
	err = t.Print(found, func() { table(t, found.Items) })
	if found.Next != "" && t.Text() {
		t.Note("there may be more: workerctl queue items %s --after %s", name, found.Next)
	}
	return err
}

func table(t *run.Tool, list []wire.QueueItem) {
	rows := show.NewTable("ITEM", "API", "VALUES", "STATE", "OFFSET", "CRAWLED", "ATTEMPT", "DUE", "TRACE")
	for _, it := range list {
		rows.Row(it.ID, api(it.API), pairs(it.Values), it.State, pairs(it.Offset), story.Ago(it.Crawled, t.Now()),
			strconv.Itoa(it.Attempt), story.In(it.NotBefore, t.Now()), it.Trace)
	}
	t.Table(rows)
}

func pairs(m map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, key+"="+m[key])
	}
	return strings.Join(all, " ")
}
