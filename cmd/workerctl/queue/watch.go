package queue

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/story"
	"github.com/headwater/headwater/internal/api/wire"
)

func newWatch(t *run.Tool) *cobra.Command {
	return &cobra.Command{
		Use: "watch NAME", Short: "Show the numbers of items as they change, until interrupted", Args: run.Takes(1, 1),
		ValidArgsFunction: t.CompleteOne(t.ConnectorNames),
		RunE:              func(cmd *cobra.Command, args []string) error { return watch(cmd.Context(), t, args[0]) },
	}
}

// seen is a child API's numbers at a moment.
type seen struct {
	Time time.Time `json:"time"`
	wire.QueueAPI
	Missing []string `json:"missing"`
	Unread  int      `json:"unread"`
}

// watch shows the numbers, then each change.
func watch(ctx context.Context, t *run.Tool, name string) error {
	c, err := t.Connect()
	if err != nil {
		return err
	}
	var before map[int]wire.QueueAPI
	return run.Watch(ctx, t, func(ctx context.Context) (wire.Queue, error) { return c.Queue(ctx, name) }, func(now wire.Queue) (err error) {
		before, err = changes(t, before, now)
		return err
	})
}

// changes shows what became different and returns what there is now. The first time everything is new.
func changes(t *run.Tool, before map[int]wire.QueueAPI, q wire.Queue) (map[int]wire.QueueAPI, error) {
	now := make(map[int]wire.QueueAPI, len(q.APIs))
	for _, a := range q.APIs {
		now[a.API] = a
		was, known := before[a.API]
		if known && same(was, a) {
			continue
		}
		s := seen{t.Now().UTC(), a, append([]string{}, q.Missing...), unread(q)}
		if err := t.Line(s, func() { line(t, s) }); err != nil {
			return now, err
		}
	}
	return now, nil
}

func same(a, b wire.QueueAPI) bool {
	return a.Waiting == b.Waiting && a.Active == b.Active && a.Idle == b.Idle && a.Failed == b.Failed && a.Ended == b.Ended
}

func line(t *run.Tool, s seen) {
	text := s.Time.Format("15:04:05") + "  " + api(s.API) + "  " + story.Items(s.QueueAPI)
	if ago := story.Ago(s.OldestWaiting, s.Time); ago != "" {
		text += "; oldest waiting " + ago
	}
	if len(s.Missing) > 0 {
		text += "; no answer from " + strings.Join(s.Missing, ", ")
	}
	if s.Unread > 0 {
		text += "; lanes that nobody reads: " + number(int64(s.Unread))
	}
	t.Say("%s", text)
}
