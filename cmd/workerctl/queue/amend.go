package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/api/wire"
)

// amendment is what is to be done to some items.
type amendment struct {
	*run.Tool
	wish, done, so string
	name           string
	ids            []string
	which          wire.ItemQuery // instead of ids
	dryRun         bool
}

func newRetry(t *run.Tool) *cobra.Command {
	o := &amendment{Tool: t, wish: wire.ItemRetry, done: "retried", so: "it is due now"}
	return o.command("retry", "Crawl items now: those that failed, are idle or have ended", `Each goes on from its own offset. A child API that stopped on its lane (behavior.on.error=FAIL)
goes on once its connector is restarted: workerctl connector restart NAME --failed`, wire.ItemFailed)
}

func newSkip(t *run.Tool) *cobra.Command {
	o := &amendment{Tool: t, wish: wire.ItemSkip, done: "skipped", so: "it rests until its parent is emitted again"}
	return o.command("skip", "Leave items alone that wait or failed, until their parents are emitted again", `They go on from their own offsets then.`, wire.ItemFailed)
}

func (o *amendment) command(use, short, long, state string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " NAME [ID...]", Short: short, Long: short + ".\n\n" + long, Args: run.Takes(1, -1), ValidArgsFunction: o.CompleteEach(o.ConnectorNames),
		Example: fmt.Sprintf("  workerctl queue %s orders 2f282351dab9edf07296fa035960faa1\n  workerctl queue %s orders --api 2 --state %s", use, use, state),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name, o.ids = args[0], args[1:]
			chosen := cmd.Flags().Changed("state")
			switch {
			case len(o.ids) > 0 && (chosen || cmd.Flags().Changed("api")):
				return run.Usage("give items, or --state and --api, not both", run.Line(cmd, args))
			case len(o.ids) == 0 && !chosen:
				return run.Usage("which items? "+cmd.CommandPath()+" takes their IDs, or the state that they are in", run.Line(cmd, args)+" --state "+state)
			}
			if err := check(cmd, args, o.which); err != nil {
				return err
			}
			return o.run(cmd.Context())
		},
	}
	choose(cmd, &o.which)
	run.DryRun(cmd, &o.dryRun)
	return cmd
}

// changed is an item and what was done to it.
type changed struct {
	wire.QueueItem
	Done   string `json:"done"`
	DryRun bool   `json:"dry_run,omitempty"`
}

// run goes through the items. One that has become another thing meanwhile does not keep the others from their turn.
func (o *amendment) run(ctx context.Context) error {
	c, err := o.Connect()
	if err == nil && len(o.ids) == 0 {
		o.ids, err = o.find(ctx, c)
	}
	if err != nil {
		return err
	}
	list, faults := []changed{}, []error(nil)
	for _, id := range o.ids {
		it, err := o.one(ctx, c, id)
		if err != nil {
			faults = append(faults, fmt.Errorf("item %s: %w", id, err))
		} else {
			list = append(list, changed{it, o.done, o.dryRun})
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(append(faults, o.Print(list, func() { o.report(list) }))...)
}

func (o *amendment) one(ctx context.Context, c *client.Client, id string) (wire.QueueItem, error) {
	if o.dryRun {
		return c.Item(ctx, o.name, id)
	}
	return c.AmendItem(ctx, o.name, id, o.wish)
}

// find lists the items that are meant before any is changed, which may take it out of the list.
func (o *amendment) find(ctx context.Context, c *client.Client) (ids []string, err error) {
	q := o.which
	for q.Limit = wire.MaxItems; ; {
		found, err := c.Items(ctx, o.name, q)
		if err != nil {
			return nil, err
		}
		for _, it := range found.Items {
			ids = append(ids, it.ID)
		}
		if q.After = found.Next; q.After == "" {
			notCounted(o.Tool, o.name, found.Missing, found.Unread)
			return ids, nil
		}
	}
}

func (o *amendment) report(list []changed) {
	if len(list) == 0 && len(o.ids) == 0 {
		o.Say("no item of %s is meant", o.name)
	}
	for _, it := range list {
		if o.dryRun {
			o.Say("%s (api%d %s): would be %s, %s now", it.ID, it.API, pairs(it.Values), it.Done, it.State)
		} else {
			o.Say("%s (api%d %s): %s, %s", it.ID, it.API, pairs(it.Values), it.Done, o.so)
		}
	}
}
