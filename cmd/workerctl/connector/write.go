package connector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/connector/property"
)

// writeOptions is a creation or replacement of connectors.
type writeOptions struct {
	*run.Tool
	run.Waiting
	files   []string
	dryRun  bool
	create  bool   // they must not exist
	initial string // with create: RUNNING, PAUSED or STOPPED
}

func newCreate(t *run.Tool) *cobra.Command {
	o := &writeOptions{Tool: t, create: true}
	cmd := o.command("create FILE...", "Create connectors that there are not yet")
	cmd.Flags().StringVar(&o.initial, "state", "RUNNING", "`state` to begin with: RUNNING, PAUSED or STOPPED")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"RUNNING", "PAUSED", "STOPPED"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func newApply(t *run.Tool) *cobra.Command {
	return (&writeOptions{Tool: t}).command("apply FILE...", "Create connectors, or replace the configuration of those that there are")
}

func (o *writeOptions) command(use, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: short + ".\n\n" + forms, Args: run.Takes(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.files, o.initial = args, strings.ToUpper(o.initial)
			if o.create && !slices.Contains([]string{"RUNNING", "PAUSED", "STOPPED"}, o.initial) {
				return run.Usage(fmt.Sprintf("--state %q is none of RUNNING, PAUSED, STOPPED", o.initial), run.Line(cmd, args)+" --state PAUSED")
			}
			return o.run(cmd.Context())
		},
	}
	o.Waiting.Flags(cmd, "all tasks are in the state that was asked for")
	run.DryRun(cmd, &o.dryRun)
	return cmd
}

func (o *writeOptions) run(ctx context.Context) error {
	list, err := wishes(o.Tool, o.files)
	if err != nil {
		return err
	}
	c, err := o.Connect()
	if err != nil {
		return err
	}
	var faults []error
	results := []result{}
	for _, w := range list {
		r, err := o.one(ctx, c, w)
		if err != nil {
			faults = append(faults, err)
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

func (o *writeOptions) one(ctx context.Context, c *client.Client, w wish) (*result, error) {
	r := &result{Name: w.name, DryRun: o.dryRun}
	if o.dryRun {
		var err error
		r.Done, err = o.plan(ctx, c, w)
		if err != nil {
			return nil, err
		}
		return r, nil
	}
	done, err := o.write(ctx, c, w)
	if err != nil {
		return nil, fmt.Errorf("connector %s: %w", w.name, err)
	}
	r.Done = done
	if !o.Wait {
		return r, nil
	}
	want := o.initial
	if !o.create {
		if want, err = o.target(ctx, c, w.name); err != nil {
			return r, err
		}
	}
	if err = o.Until(ctx, o.Waiting, w.name+" is "+want, settled(c, w.name, want)); err == nil {
		r.State = want
	}
	return r, err
}

// target is the state to wait for: a new configuration leaves a paused or stopped connector as it is.
func (o *writeOptions) target(ctx context.Context, c *client.Client, name string) (string, error) {
	s, err := c.Status(ctx, name)
	if err != nil && !run.Missing(err) {
		return "", err
	}
	if s.Connector.State == "PAUSED" || s.Connector.State == "STOPPED" {
		return s.Connector.State, nil
	}
	return "RUNNING", nil
}

func (o *writeOptions) write(ctx context.Context, c *client.Client, w wish) (string, error) {
	if o.create {
		_, err := c.Create(ctx, w.name, w.config, o.initial)
		return "created", err
	}
	done, _, err := o.difference(ctx, c, w)
	if err != nil || done == "unchanged" {
		return done, err
	}
	_, err = c.Put(ctx, w.name, w.config)
	return done, err
}

// difference says what applying w comes to, and which properties it changes. A configuration that is there already is left
// alone: writing it again would start its tasks again.
func (o *writeOptions) difference(ctx context.Context, c *client.Client, w wish) (done string, changed []string, _ error) {
	present, err := c.Config(ctx, w.name)
	if run.Missing(err) {
		return "created", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(union(present, w.config))) {
		was, there := present[name]
		is, wanted := w.config[name]
		// A secret is not shown, so that nobody can say whether it is the same: it counts as changed unless it is the mask.
		if was != is || there != wanted {
			changed = append(changed, name)
		}
	}
	if changed == nil {
		return "unchanged", nil, nil
	}
	return "changed", changed, nil
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return all
}

// plan says what would be done, and has a worker check the configuration.
func (o *writeOptions) plan(ctx context.Context, c *client.Client, w wish) (string, error) {
	done, changed, err := o.difference(ctx, c, w)
	if err != nil {
		return "", err
	}
	if o.create && done != "created" {
		return "", run.Input(fmt.Errorf("connector %s exists already: workerctl connector apply %s replaces its configuration", w.name, w.file))
	}
	if !slices.Contains(slices.Collect(maps.Values(w.config)), property.Hidden) { // a mask stands for what only the cluster knows
		verdict, err := check(ctx, c, w)
		if err = errors.Join(err, verdict.err()); err != nil {
			return "", err
		}
	}
	if changed != nil {
		done += ": " + strings.Join(changed, ", ")
	}
	return done, nil
}

func newValidate(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "validate FILE...", Short: "Have a worker check configurations, without storing them", Args: run.Takes(1, -1),
		Long: "Have a worker check configurations, without storing them and without calling the API.\n\n" + forms,
		RunE: func(cmd *cobra.Command, args []string) error { return connectorValidate(cmd.Context(), t, args) },
	}
}

func connectorValidate(ctx context.Context, t *run.Tool, files []string) error {
	list, err := wishes(t, files)
	if err != nil {
		return err
	}
	c, err := t.Connect()
	if err != nil {
		return err
	}
	all, wrong := []checked{}, false
	for _, w := range list {
		one, err := check(ctx, c, w)
		if err != nil {
			return fmt.Errorf("connector %s: %w", w.name, err)
		}
		all, wrong = append(all, one), wrong || len(one.Faults) > 0
	}
	err = t.Print(all, func() {
		for _, one := range all {
			if err := one.err(); err != nil {
				t.Say("%v", err)
			} else {
				t.Say("%s: connector %s is valid", one.File, one.Name)
			}
		}
	})
	if err == nil && wrong {
		err = run.ErrShown
	}
	return err
}
