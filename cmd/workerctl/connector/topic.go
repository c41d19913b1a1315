package connector

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/internal/api/client"
)

// NewTopic makes the family topic.
func NewTopic(t *run.Tool) *cobra.Command {
	o := &changeOptions{Tool: t, done: "reset", call: func(ctx context.Context, c *client.Client, name string) error { return c.ResetTopics(ctx, name) }}
	reset := &cobra.Command{
		Use: "reset NAME...", Short: "Forget which topics connectors have written to; the topics stay", Args: run.Takes(1, -1),
		ValidArgsFunction: t.Complete(t.ConnectorNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return o.run(cmd.Context())
		},
	}
	run.DryRun(reset, &o.dryRun)
	return run.Group(t, "topic", "Show which topics connectors have written to", newTopicList(t), reset)
}

func newTopicList(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "list NAME...", Short: "Show the topics that connectors have written to", Args: run.Takes(1, -1), ValidArgsFunction: t.Complete(t.ConnectorNames),
		RunE: func(cmd *cobra.Command, args []string) error { return topicList(cmd.Context(), t, args) },
	}
}

// writtenTopics is a connector and its topics.
type writtenTopics struct {
	Name   string   `json:"name"`
	Topics []string `json:"topics"`
}

func topicList(ctx context.Context, t *run.Tool, names []string) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	list := []writtenTopics{}
	for _, name := range names {
		topics, err := c.Topics(ctx, name)
		if err != nil {
			return err
		}
		list = append(list, writtenTopics{name, append([]string{}, topics...)})
	}
	return t.Print(list, func() {
		table := show.NewTable("NAME", "TOPIC")
		for _, one := range list {
			for _, topic := range one.Topics {
				table.Row(one.Name, topic)
			}
		}
		t.Table(table)
	})
}
