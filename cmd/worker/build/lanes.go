package build

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/worker/hold"
	"github.com/headwater/headwater/worker/lane"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/source"
)

// queue is the topic of a connector's work items.
func (b *Builder) queue(c connector.Config) kafka.Topic {
	return kafka.Topic{
		Name: chaining.Topic(c.Name), Property: "api.chaining.parent.child.relationship", Partitions: chaining.Lanes, Fixed: true,
		Replication: b.Settings.Offsets.Replication, Compacted: true, Settings: InternalSettings,
	}
}

// Crew is a connector's lanes on this worker.
type Crew struct {
	*lane.Crew
	group  *kafka.Lanes
	reader *kafka.Reader
	// empty reports whether the group has no member.
	empty func(context.Context) bool
}

func (c *Crew) close() {
	c.group.Close()
	c.reader.Close()
}

// leave lets the group give the lanes to other workers, and waits until they have them, as long as there is anybody who
// could: the last worker would crawl on until its drain is over.
func (c *Crew) leave(ctx context.Context) {
	c.group.Close()
	ctx, nobody := context.WithCancel(ctx)
	defer nobody()
	var asking sync.WaitGroup
	defer asking.Wait()
	asking.Go(func() {
		defer nobody()
		c.deserted(ctx)
	})
	c.Left(ctx)
	nobody()
}

// askAgain is how often a worker that leaves looks whether others are there.
const askAgain = 500 * time.Millisecond

// deserted returns when nobody is in the group any more, or ctx ends.
func (c *Crew) deserted(ctx context.Context) {
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for !c.empty(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Each shows every lane that is here with its items.
func (c *Crew) Each(show func(n int32, l *lane.Lane, store *items.Lane)) {
	for n, open := range c.Lanes() {
		if t, ok := open.(*tailed); ok {
			show(n, t.lane, t.items)
		}
	}
}

// EnsureQueue creates the topic of a connector's work items, where it is missing.
func (b *Builder) EnsureQueue(ctx context.Context, c connector.Config) error {
	_, err := b.Topics.ensure(ctx, b.queue(c))
	return err
}

// longestLinger is far longer than a worker needs to read a lane of a million items.
const longestLinger = 10 * time.Minute

// Crew joins the work queue's consumer group; failed is told of child APIs that need a person.
func (b *Builder) Crew(ctx context.Context, want coordinator.WantLanes, failed func(api int, err error)) (_ *Crew, err error) {
	c, s := want.Config, b.Settings
	limits, err := b.limits(ctx, c, c.APIs)
	if err != nil {
		return nil, err
	}
	pipelines, err := b.pipelines(c, limits)
	if err != nil {
		return nil, &fault.Error{Op: "start the work queue of " + c.Name, Err: err}
	}
	store, err := b.Items()
	if err != nil {
		return nil, err
	}
	out := &Crew{empty: func(ctx context.Context) bool {
		of, _, err := b.Topics.admin.LanesOf(ctx, chaining.Group(c.Name))
		return err == nil && len(of) == 0
	}}
	client, err := b.client(ctx, c)
	if err != nil {
		return nil, err
	}
	if out.reader, err = b.Cluster.OpenReader(chaining.Topic(c.Name)); err != nil {
		return nil, err
	}
	out.group, err = b.Cluster.JoinLanes(ctx, kafka.LanesConfig{
		Group: chaining.Group(c.Name), Topic: chaining.Topic(c.Name), Partitions: chaining.Lanes, ClientID: b.Instance,
		SessionTimeout: s.SessionTimeout, Log: b.Log,
	})
	if err != nil {
		out.reader.Close()
		return nil, err
	}
	var linger time.Duration
	if s.ExactlyOnce {
		linger = longestLinger
	}
	out.Crew = &lane.Crew{
		Linger:    linger,
		Connector: c.Name, Group: out.group, Lease: b.Board.Lanes(c.Name, want.Epoch), Log: b.Log,
		Open: func(n int32, lease hold.Lease, broken func(error)) lane.OpenLane {
			l := b.lane(c, n, client, pipelines, limits)
			l.Lease, l.Failed = lease, failed
			return openLane(out.reader, store.Lane(l.Task), n, l, broken)
		},
	}
	return out, nil
}

func (b *Builder) lane(c connector.Config, n int32, client *source.Client, pipelines []*pipeline.Pipeline, limits kafka.Limits) *lane.Lane {
	out := &lane.Lane{
		Task: fmt.Sprintf("%s/q%d", c.Name, n), Topic: chaining.Topic(c.Name), Metrics: b.Metrics, Log: b.Log,
		Committer: b.committer(connector.LaneIDs(b.Settings.GroupID, c.Name)[n], limits),
	}
	for i, a := range c.APIs {
		if a.Child {
			out.Children = append(out.Children, &lane.Child{API: a, Pipeline: pipelines[i], Fetcher: client.For(a, out.Waits)})
		}
	}
	return out
}

// tailed is a lane, its partition's reader and its items.
type tailed struct {
	reader *kafka.Reader
	items  *items.Lane
	n      int32
	lane   *lane.Lane
	broken func(error) // the items are in doubt: the lane must be read anew
	// doubted says that they are, before the reader's position moves past what they lack.
	doubted atomic.Bool
}

func openLane(reader *kafka.Reader, store *items.Lane, n int32, l *lane.Lane, broken func(error)) *tailed {
	t := &tailed{reader: reader, items: store, n: n, lane: l, broken: broken}
	l.Items, l.Synced = store, t.CatchUp
	reader.Add(n, t.apply)
	return t
}

// apply takes what was read of the partition. Records that cannot be read are passed over, so that they stop nobody else.
func (t *tailed) apply(read []kafka.Entry) {
	entries := make([]items.Entry, 0, len(read))
	for _, r := range read {
		key, err := chaining.ParseKey(r.Key)
		if err != nil {
			t.lane.Log.Warn("work queue record skipped", "task", t.lane.Task, "offset", r.Offset, "err", err)
			continue
		}
		entries = append(entries, items.Entry{Key: key, Value: r.Value, At: r.Offset})
	}
	passed, err := t.items.Apply(entries)
	if passed > 0 {
		t.lane.Log.Warn("work queue records skipped: their values cannot be read", "task", t.lane.Task, "records", passed)
	}
	if err != nil {
		t.doubted.Store(true)
		t.broken(err)
	}
	t.lane.Wake()
}

// CatchUp implements lane.OpenLane.
func (t *tailed) CatchUp(ctx context.Context) error { return t.reader.Sync(ctx, t.n) }

// Lane implements lane.OpenLane.
func (t *tailed) Lane() *lane.Lane { return t.lane }

// Oldest implements lane.OpenLane.
func (t *tailed) Oldest() (int64, error) {
	if t.doubted.Load() {
		return 0, fmt.Errorf("what was read of lane %d is in doubt", t.n)
	}
	read := func() int64 { at, _ := t.reader.Position(t.n); return at }
	return oldest(read, func() (int64, bool, error) { return t.items.Oldest(t.crawls) })
}

// crawls reports whether a child API is one of the lane's. Items of one that the configuration has no more wait for nobody.
func (t *tailed) crawls(api int) bool {
	return slices.ContainsFunc(t.lane.Children, func(c *lane.Child) bool { return c.API.N == api })
}

// oldest is where the first item waits, or up to where was read when none does. That comes first: an item that is read in
// between would else lie below it and be missed among those that wait.
func oldest(read func() int64, waiting func() (int64, bool, error)) (int64, error) {
	end := read()
	at, some, err := waiting()
	if err == nil && !some {
		at = end
	}
	return at, err
}

// Close implements lane.OpenLane.
func (t *tailed) Close() {
	t.reader.Remove(t.n)
	_ = t.items.Drop() // it is a cache; what is left goes with the store
}
