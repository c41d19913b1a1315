package assign

import (
	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
)

func newPlan(t *run.Tool) *cobra.Command {
	o := &options{Tool: t}
	var apply bool
	cmd := &cobra.Command{
		Use: "plan", Short: "Show which tasks several changes together would move; --apply makes them at once", Args: run.Takes(0, 0),
		Example: "  workerctl assign plan --drain w1:8083 --pin orders/0=w2:8083",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.dryRun = !apply
			return o.run(cmd.Context())
		},
	}
	o.Waiting.Flags(cmd, "with --apply all is where it should be")
	flags := cmd.Flags()
	flags.StringToStringVar(&o.change.Pin, "pin", nil, "`TASK=WORKER` to pin; several with commas or repeated, here and below")
	flags.StringSliceVar(&o.change.Unpin, "unpin", nil, "`TASK` to unpin")
	flags.StringToStringVar(&o.change.Move, "move", nil, "`TASK=WORKER` to move")
	flags.StringSliceVar(&o.change.Drain, "drain", nil, "`WORKER` to drain")
	flags.StringSliceVar(&o.change.Undrain, "undrain", nil, "`WORKER` to undrain")
	flags.BoolVar(&apply, "apply", false, "make the changes")
	flags.Bool("dry-run", true, "only show the moves")
	cmd.MarkFlagsMutuallyExclusive("apply", "dry-run")
	for flag, names := range map[string]run.Names{"unpin": t.TaskNames, "drain": t.WorkerNames, "undrain": t.WorkerNames} {
		_ = cmd.RegisterFlagCompletionFunc(flag, t.Complete(names))
	}
	return cmd
}
