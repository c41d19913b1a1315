// Package queue is the commands about the work queues of connectors with API chaining.
package queue

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/cmd/workerctl/story"
	"github.com/headwater/headwater/internal/api/wire"
)

// New makes the family queue.
func New(t *run.Tool) *cobra.Command {
	return run.Group(t, "queue", "See and change what the child APIs of a connector have to do",
		newShow(t), newItems(t), newRetry(t), newSkip(t), newWatch(t))
}

func newShow(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show how many items stand where, API by API, and what each lane waits for", Args: run.Takes(1, 1),
		ValidArgsFunction: t.CompleteOne(t.ConnectorNames),
		RunE:              func(cmd *cobra.Command, args []string) error { return showQueue(cmd.Context(), t, args[0]) },
	}
}

func showQueue(ctx context.Context, t *run.Tool, name string) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	q, err := c.Queue(ctx, name)
	if err != nil {
		return err
	}
	notCounted(t, name, q.Missing, unread(q))
	return t.Print(q, func() {
		t.Say("%s, topic %s, group %s\n", q.Connector, q.Topic, q.Group)
		apis(t, q)
		t.Say("")
		lanes(t, q)
	})
}

// unread is how many lanes nobody reads.
func unread(q wire.Queue) (n int) {
	for _, l := range q.Lanes {
		if l.Worker == "" {
			n++
		}
	}
	return n
}

// notCounted says, beside the output, of whom it does not tell.
func notCounted(t *run.Tool, name string, missing []string, unread int) {
	if len(missing) > 0 {
		t.Note("no answer from %s: what its lanes hold is not among this", strings.Join(missing, ", "))
	}
	if unread > 0 {
		t.Note("lanes that nobody reads: %d; what they hold is not among this. Does it run? workerctl connector status %s", unread, name)
	}
}

func apis(t *run.Tool, q wire.Queue) {
	table := show.NewTable("API", "PARENTS", "WAITING", "ACTIVE", "IDLE", "FAILED", "ENDED", "OLDEST WAITING", "NEXT DUE")
	for _, a := range q.APIs {
		table.Row(api(a.API), parents(a), number(a.Waiting), number(a.Active), number(a.Idle), number(a.Failed), number(a.Ended),
			story.Ago(a.OldestWaiting, t.Now()), story.In(a.NextDue, t.Now()))
	}
	t.Table(table)
}

func lanes(t *run.Tool, q wire.Queue) {
	table := show.NewTable("LANE", "WORKER", "STATE", "LAG", "WAITS FOR", "UNTIL", "TRACE")
	for _, l := range q.Lanes {
		table.Row(strconv.Itoa(l.Lane), l.Worker, l.State, number(l.Lag), l.Waiting, story.In(l.Until, t.Now()), l.Trace)
	}
	t.Table(table)
}

func api(n int) string { return fmt.Sprintf("api%d", n) }

func number(n int64) string { return strconv.FormatInt(n, 10) }

func parents(a wire.QueueAPI) string {
	var all []string
	for _, n := range a.Parents {
		all = append(all, api(n))
	}
	return strings.Join(all, ", ")
}
