package connector

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/story"
	"github.com/headwater/headwater/internal/api/wire"
)

func newExplain(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "explain NAME", Short: "Say what each API of a connector is doing, and why it is waiting", Args: run.Takes(1, 1),
		ValidArgsFunction: t.CompleteOne(t.ConnectorNames),
		RunE:              func(cmd *cobra.Command, args []string) error { return connectorExplain(cmd.Context(), t, args[0]) },
	}
}

// explained is what the cluster says, with our sentences beside it.
type explained struct {
	Connector string         `json:"connector"`
	State     string         `json:"state"`
	APIs      []explainedAPI `json:"apis"`
}

type explainedAPI struct {
	wire.API
	Sentence string `json:"sentence"`
}

func connectorExplain(ctx context.Context, t *run.Tool, name string) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	e, err := c.Explain(ctx, name)
	if err != nil {
		return err
	}
	now := t.Now()
	out := explained{Connector: e.Connector, State: e.State, APIs: []explainedAPI{}}
	for _, a := range e.APIs {
		say := story.Sentence
		if a.Queue != nil {
			say = story.Child
		}
		out.APIs = append(out.APIs, explainedAPI{a, say(e.Connector, a, now)})
	}
	return t.Print(out, func() {
		t.Say("%s is %s", e.Connector, e.State)
		for _, a := range out.APIs {
			if a.Queue != nil {
				explainChild(t, a, now)
				continue
			}
			where := "nobody runs it"
			if a.Worker != "" {
				where = "on " + a.Worker
			}
			t.Say("\napi%d: %s, %s, task %s", a.API.API, a.API.State, where, wire.TaskName(e.Connector, a.Task))
			t.Say("  %s", a.Sentence)
			t.Say("  %s", story.Summary(a.API, now))
		}
		if len(out.APIs) == 0 {
			t.Say("It has no APIs at work: a stopped connector has no tasks. To go on: workerctl connector resume %s", e.Connector)
		}
	})
}

// explainChild is about an API that lanes crawl, on several workers.
func explainChild(t *run.Tool, a explainedAPI, now time.Time) {
	t.Say("\napi%d: %s, child of %s", a.API.API, a.State, parents(a.Queue.Parents))
	t.Say("  %s", a.Sentence)
	t.Say("  items: %s", story.Items(*a.Queue))
	for _, line := range story.Lanes(a.Lanes, now) {
		t.Say("  %s", line)
	}
}

func parents(apis []int) string {
	var all []string
	for _, n := range apis {
		all = append(all, fmt.Sprintf("api%d", n))
	}
	return strings.Join(all, ", ")
}
