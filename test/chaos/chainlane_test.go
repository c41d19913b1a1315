package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/hold"
	"github.com/headwater/headwater/worker/lane"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/convert"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// manning is a member's crew, wired as cmd/worker/build does it.
type manning struct {
	*lane.Crew
	group  *kafka.Lanes
	reader *kafka.Reader
}

// failed reports whether a lane needs a person.
func (c *manning) failed() bool {
	for _, l := range c.Lanes() {
		if l.Lane().Status().State == hold.Failed {
			return true
		}
	}
	return false
}

// lanes runs the lanes under one row. A start that fails is tried again, and so are lanes that need a person, who would.
func (m *hand) lanes(ctx context.Context, epoch int64) {
	for ctx.Err() == nil {
		c, err := m.man(ctx, epoch)
		if err != nil {
			m.log.Warn("crew failed", "err", err)
			sleep(ctx, time.Second)
			continue
		}
		m.crew.Store(c)
		end := begin(ctx, func(ctx context.Context) { _ = c.Run(ctx) })
		for ctx.Err() == nil && !c.failed() {
			sleep(ctx, time.Second)
		}
		end()
		m.crew.Store(nil)
		c.group.Close()
		c.reader.Close()
	}
}

// advice is the group without its offsets, which are for eyes: franz-go waits for a mutex to commit while the group spreads
// its lanes, and a goroutine that waits for a mutex stops virtual time.
type advice struct{ *kafka.Lanes }

// Commit implements lane.Group.
func (advice) Commit(context.Context, map[int32]int64) error { return nil }

func (m *hand) man(ctx context.Context, epoch int64) (*manning, error) {
	pipelines, err := m.pipelines()
	if err != nil {
		return nil, err
	}
	out := &manning{}
	if out.reader, err = m.tailing.OpenReader(chaining.Topic(name)); err != nil {
		return nil, err
	}
	out.group, err = m.cluster.JoinLanes(ctx, kafka.LanesConfig{
		Group: chaining.Group(name), Topic: chaining.Topic(name), Partitions: chaining.Lanes, ClientID: m.name,
		SessionTimeout: session, Log: m.log,
	})
	if err != nil {
		out.reader.Close()
		return nil, err
	}
	out.Crew = &lane.Crew{
		Connector: name, Group: advice{out.group}, Lease: m.board.Lanes(name, epoch), Linger: 10 * time.Minute, Log: m.log,
		Open: func(n int32, lease hold.Lease, broken func(error)) lane.OpenLane {
			l := m.lane(n, pipelines)
			l.Lease = lease
			return m.tailed(out.reader, n, l, broken)
		},
	}
	return out, nil
}

// lane is one lane of all child APIs.
func (m *hand) lane(n int32, pipelines []*pipeline.Pipeline) *lane.Lane {
	id := connector.LaneIDs(group, name)[n]
	l := &lane.Lane{
		Task: fmt.Sprintf("%s/q%d", name, n), Topic: chaining.Topic(name), Committer: m.committer(id), Log: m.log,
		Failed: func(int, error) {}, // lanes looks itself
	}
	for i, a := range m.w.config.APIs {
		if a.Child {
			l.Children = append(l.Children, &lane.Child{API: a, Pipeline: pipelines[i], Fetcher: struckFetcher{m.source.For(a, l.Waits), m, id}})
		}
	}
	return l
}

// pipelines are those of all APIs, in order.
func (m *hand) pipelines() ([]*pipeline.Pipeline, error) {
	c := m.w.config
	machines, urls := make([]*poll.Machine, len(c.APIs)), make([]string, len(c.APIs))
	for i, a := range c.APIs {
		var err error
		if machines[i], err = poll.New(c.BaseURL, a); err != nil {
			return nil, err
		}
		urls[i] = machines[i].URL()
	}
	fits := func(child int, values map[string]string) error {
		_, err := machines[child-1].StartItem(nil, values)
		return err
	}
	var out []*pipeline.Pipeline
	for i, a := range c.APIs {
		plan, err := chaining.NewPlanner(c, a.N, fits)
		if err != nil {
			return nil, err
		}
		p := &pipeline.Pipeline{
			Config: c, API: a, Machine: machines[i], Converter: convert.JSON{}, Partition: offsets.Partitions(c.Name, urls)[i],
			OffsetsTopic: offsetTopic, Limit: kafka.DefaultMaxMessageBytes, ErrorLimit: kafka.DefaultMaxMessageBytes,
			Plan: plan, Queue: chaining.Topic(name), QueueLimit: kafka.DefaultMaxMessageBytes,
		}
		if a.Child {
			p.OffsetsTopic = ""
		}
		out = append(out, p)
	}
	return out, nil
}

// tailed is a lane, its partition's reader and its items.
type tailed struct {
	reader *kafka.Reader
	items  *items.Lane
	n      int32
	lane   *lane.Lane
	broken func(error)
}

func (m *hand) tailed(reader *kafka.Reader, n int32, l *lane.Lane, broken func(error)) *tailed {
	t := &tailed{reader, m.items.Lane(l.Task), n, l, broken}
	l.Items, l.Synced = t.items, t.CatchUp
	reader.Add(n, t.apply)
	return t
}

func (t *tailed) apply(read []kafka.Entry) {
	entries := make([]items.Entry, 0, len(read))
	for _, r := range read {
		if key, err := chaining.ParseKey(r.Key); err == nil { // else the checker says so
			entries = append(entries, items.Entry{Key: key, Value: r.Value, At: r.Offset})
		}
	}
	if _, err := t.items.Apply(entries); err != nil {
		t.broken(err)
	}
	t.lane.Wake()
}

// CatchUp implements lane.OpenLane.
func (t *tailed) CatchUp(ctx context.Context) error { return t.reader.Sync(ctx, t.n) }

// Lane implements lane.OpenLane.
func (t *tailed) Lane() *lane.Lane { return t.lane }

// Oldest implements lane.OpenLane. That it is never too high is proven beside the product's own.
func (t *tailed) Oldest() (int64, error) {
	at, _ := t.reader.Position(t.n)
	if oldest, waiting, err := t.items.Oldest(func(int) bool { return true }); waiting || err != nil {
		return oldest, err
	}
	return at, nil
}

// Close implements lane.OpenLane.
func (t *tailed) Close() {
	t.reader.Remove(t.n)
	_ = t.items.Drop()
}
