package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
)

func newVersion(t *run.Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "Show the versions of workerctl and of the worker that answers", Args: run.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return version(cmd.Context(), t) },
	}
	return cmd
}

// versions is what there is of each; Problem says why the worker's is not known.
type versions struct {
	Workerctl string `json:"workerctl"`
	Worker    string `json:"worker,omitempty"`
	Commit    string `json:"commit,omitempty"`
	Cluster   string `json:"kafka_cluster_id,omitempty"`
	Problem   string `json:"problem,omitempty"`
}

// version succeeds without a worker too: a version is what one is asked for when nothing works.
func version(ctx context.Context, t *run.Tool) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	v := versions{Workerctl: Version}
	root, err := c.Root(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if v.Worker, v.Commit, v.Cluster = root.Version, root.Commit, root.Cluster; err != nil {
		v.Problem = show.FirstLine(err.Error())
	}
	return t.Print(v, func() {
		t.Say("workerctl %s", v.Workerctl)
		if v.Problem != "" {
			t.Say("worker    not known: %s", v.Problem)
			return
		}
		t.Say("worker    %s (Kafka cluster %s)", v.Worker, cmp.Or(v.Cluster, "not known"))
	})
}
