package lane

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/worker/hold"
)

// Crew runs the lanes of one connector's work queue that the queue's consumer group gives to this worker. The group's word
// is advice: a lane that it gives to another worker goes on here until that one has read the lane's items and claims it, so
// that a hand-over stalls the lane for no longer than a claim. Fill in the fields and call Run once.
type Crew struct {
	Connector string
	Group     Group
	// Open begins to tail a lane and returns it, ready to Run once it has caught up. broken is to be called when what was
	// read of it is in doubt: it is opened anew then.
	Open func(lane int32, lease hold.Lease, broken func(error)) OpenLane
	// Linger is how long a lane that the group has given to another worker goes on here at most, until that one claims it.
	// 0, for lanes that nobody can fence (exactly.once.source.support=disabled): it ends at once.
	Linger time.Duration
	// Lease is the right to run the connector's lanes at all.
	Lease hold.Lease
	Log   *slog.Logger

	mu      sync.Mutex
	running map[int32]*manned
	ended   chan struct{} // has a token when a lane has ended
}

// Group is this worker's membership in the work queue's consumer group.
type Group interface {
	Assigned() []int32
	// Changed is closed when that changes; ask for it before looking.
	Changed() <-chan struct{}
	// Commit stores group offsets, which nobody but lag tools reads.
	Commit(ctx context.Context, offsets map[int32]int64) error
}

// OpenLane is a lane whose partition is being tailed.
type OpenLane interface {
	// CatchUp returns when all that stood in the partition has been read.
	CatchUp(context.Context) error
	Lane() *Lane
	// Oldest is the offset of the oldest announcement that was not crawled yet, or the end of the partition.
	Oldest() (int64, error)
	Close()
}

// manned is a lane at work.
type manned struct {
	OpenLane
	cancel context.CancelFunc
	left   time.Time // since when the group gives it to another; zero: it is ours
}

// look is how often a crew looks after its lanes and commits group offsets.
const look = time.Second

// Run keeps the lanes that run equal to those assigned until ctx ends.
func (c *Crew) Run(ctx context.Context) error {
	c.mu.Lock() // who looks at Lanes does not wait for Run
	c.running, c.ended = map[int32]*manned{}, make(chan struct{}, 1)
	c.mu.Unlock()
	g, ctx := errgroup.WithContext(ctx)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for ctx.Err() == nil {
		changed := c.Group.Changed()
		c.man(ctx, g)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-c.ended:
		case <-tick.C:
			c.report(ctx)
		}
	}
	return g.Wait()
}

// man starts the lanes that are new and lets go of those that another has and that have nothing to do.
func (c *Crew) man(ctx context.Context, g *errgroup.Group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ours := map[int32]bool{}
	for _, lane := range c.Group.Assigned() {
		ours[lane] = true
		if m, there := c.running[lane]; there {
			m.left = time.Time{}
			continue
		}
		c.start(ctx, g, lane)
	}
	for lane, m := range c.running {
		switch {
		case ours[lane]:
		case m.left.IsZero() && c.Linger > 0:
			m.left = time.Now()
		case m.Lane().Idle(look) || time.Since(m.left) > c.Linger:
			m.cancel()
		}
	}
}

// start tails a lane and runs it once it has caught up.
func (c *Crew) start(ctx context.Context, g *errgroup.Group, lane int32) {
	ctx, cancel := context.WithCancel(ctx)
	m := &manned{cancel: cancel}
	m.OpenLane = c.Open(lane, laneLease{c, lane}, func(err error) {
		c.Log.Warn("lane will be read anew", "connector", c.Connector, "lane", lane, "err", err)
		cancel()
	})
	c.running[lane] = m
	g.Go(func() error {
		defer c.end(lane, m)
		wait := hold.Backoff{}
		for ctx.Err() == nil {
			err := m.CatchUp(ctx)
			if err == nil {
				// A lane that needs a person stays as it is, and its status says why, until the crew ends.
				if m.Lane().Run(ctx) != nil {
					<-ctx.Done()
				}
				break
			}
			pause := wait.Next()
			c.Log.Warn("lane will be read again", "connector", c.Connector, "lane", lane, "in", pause, "err", err)
			hold.Sleep(ctx, pause)
		}
		return nil
	})
}

// restartPause keeps a lane that is lost again and again from being started in a circle.
const restartPause = 200 * time.Millisecond

func (c *Crew) end(lane int32, m *manned) {
	m.cancel()
	m.Close()
	time.Sleep(restartPause)
	c.mu.Lock()
	delete(c.running, lane)
	c.mu.Unlock()
	select {
	case c.ended <- struct{}{}:
	default:
	}
}

// report commits, for lag tools, up to where there is no work waiting.
func (c *Crew) report(ctx context.Context) {
	offsets := map[int32]int64{}
	c.mu.Lock()
	for lane, m := range c.running {
		if at, err := m.Oldest(); err == nil && m.left.IsZero() {
			offsets[lane] = at
		}
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := c.Group.Commit(ctx, offsets); err != nil && !errors.Is(err, context.Canceled) {
		c.Log.Debug("group offsets not committed", "connector", c.Connector, "err", err)
	}
}

// Left waits until no lane runs here any more, or ctx ends.
func (c *Crew) Left(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for len(c.Lanes()) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Lanes are the lanes that run here.
func (c *Crew) Lanes() map[int32]OpenLane {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[int32]OpenLane{}
	for lane, m := range c.running {
		out[lane] = m.OpenLane
	}
	return out
}

// laneLease is the lease of one lane: the connector's lanes may run, and the group gives this one to us.
type laneLease struct {
	crew *Crew
	lane int32
}

// Check implements Lease.
func (l laneLease) Check(ctx context.Context) error {
	for _, lane := range l.crew.Group.Assigned() {
		if lane == l.lane {
			return l.crew.Lease.Check(ctx)
		}
	}
	if proof.Broken("lane-advice") {
		return nil
	}
	return &coordinator.Lost{What: "a lane of " + l.crew.Connector}
}
