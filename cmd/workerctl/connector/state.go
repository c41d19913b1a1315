package connector

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/internal/api/client"
)

// result is what became of one thing that was asked for.
type result struct {
	Name   string `json:"name"`
	Done   string `json:"done"`
	DryRun bool   `json:"dry_run,omitempty"`
	// State is what it was before a dry run, and what it is after waiting.
	State string `json:"state,omitempty"`
}

// changeOptions is a change of the state of connectors.
type changeOptions struct {
	*run.Tool
	run.Waiting
	names  []string
	dryRun bool
	done   string // past participle
	// call makes the change; want is the state to wait for, empty: until it is gone.
	call func(ctx context.Context, c *client.Client, name string) error
	want string
}

// command makes the command of a change.
func (o *changeOptions) command(use, short, until string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " NAME...", Short: short, Args: run.Takes(1, -1), ValidArgsFunction: o.Complete(o.ConnectorNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return o.run(cmd.Context())
		},
	}
	o.Waiting.Flags(cmd, until)
	run.DryRun(cmd, &o.dryRun)
	return cmd
}

// run does what it can for each connector, and says of the others why not.
func (o *changeOptions) run(ctx context.Context) error {
	c, err := o.Connect()
	if err != nil {
		return err
	}
	var faults []error
	results := []result{}
	for _, name := range o.names {
		r, err := o.one(ctx, c, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("connector %s: %w", name, err))
		}
		if r != nil {
			results = append(results, *r)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(append(faults, report(o.Tool, results))...)
}

// one returns nil when nothing was done.
func (o *changeOptions) one(ctx context.Context, c *client.Client, name string) (*result, error) {
	r := &result{Name: name, Done: o.done, DryRun: o.dryRun}
	if o.dryRun {
		if _, err := c.Connector(ctx, name); err != nil {
			return nil, err
		}
		s, err := c.Status(ctx, name)
		if err != nil && !run.Missing(err) {
			return nil, err
		}
		r.State = s.Connector.State
		return r, nil
	}
	if err := o.call(ctx, c, name); err != nil {
		return nil, err
	}
	if !o.Wait {
		return r, nil
	}
	if o.want == "" {
		return r, o.Until(ctx, o.Waiting, name+" is gone", gone(c, name))
	}
	err := o.Until(ctx, o.Waiting, name+" is "+o.want, settled(c, name, o.want))
	if err == nil {
		r.State = o.want
	}
	return r, err
}

func gone(c *client.Client, name string) run.Look {
	return func(ctx context.Context) (bool, string, error) {
		_, err := c.Connector(ctx, name)
		if run.Missing(err) {
			return true, "", nil
		}
		return false, "it is still there", err
	}
}

func report(t *run.Tool, list []result) error {
	return t.Print(list, func() {
		for _, r := range list {
			switch {
			case r.DryRun && r.State != "":
				t.Say("%s: would be %s (now %s)", r.Name, r.Done, r.State)
			case r.DryRun:
				t.Say("%s: would be %s", r.Name, r.Done)
			case r.State != "":
				t.Say("%s: %s, %s now", r.Name, r.Done, r.State)
			default:
				t.Say("%s: %s", r.Name, r.Done)
			}
		}
	})
}

func newPause(t *run.Tool) *cobra.Command {
	o := &changeOptions{Tool: t, done: "paused", want: "PAUSED", call: func(ctx context.Context, c *client.Client, name string) error { return c.Pause(ctx, name) }}
	return o.command("pause", "Halt connectors; their tasks keep their places", "all tasks are PAUSED")
}

func newResume(t *run.Tool) *cobra.Command {
	o := &changeOptions{Tool: t, done: "resumed", want: "RUNNING", call: func(ctx context.Context, c *client.Client, name string) error { return c.Resume(ctx, name) }}
	return o.command("resume", "Let connectors run that are paused or stopped", "all tasks are RUNNING")
}

func newStop(t *run.Tool) *cobra.Command {
	o := &changeOptions{Tool: t, done: "stopped", want: "STOPPED", call: func(ctx context.Context, c *client.Client, name string) error { return c.Stop(ctx, name) }}
	return o.command("stop", "End the tasks of connectors, so that offsets may be changed", "they are STOPPED")
}

func newDelete(t *run.Tool) *cobra.Command {
	o := &changeOptions{Tool: t, done: "deleted", call: func(ctx context.Context, c *client.Client, name string) error { return c.Delete(ctx, name) }}
	return o.command("delete", "Delete connectors; their offsets stay", "they are gone")
}

func newRestart(t *run.Tool) *cobra.Command {
	var onlyFailed bool
	o := &changeOptions{Tool: t, done: "restarted", want: "RUNNING"}
	o.call = func(ctx context.Context, c *client.Client, name string) error {
		return c.Restart(ctx, name, true, onlyFailed)
	}
	cmd := o.command("restart", "Start connectors and their tasks again", "all tasks are RUNNING")
	cmd.Flags().BoolVar(&onlyFailed, "failed", false, "only what has FAILED")
	return cmd
}
