// Package membership is a member of a Kafka consumer group that only tells who lives and who leads. Whoever holds
// partition 0 of the topic leads; it keeps the lead until it leaves or is lost. Nothing is consumed and no offset is
// committed.
//
// It speaks the classic group protocol itself, over a franz-go client, because franz-go's own consumer sends no heartbeat
// while it waits in JoinGroup. One member that died would then keep all the others unheard of for a whole session
// timeout, and they would stop their work by their own clock (see Heard).
package membership

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Config says which group to join and how.
type Config struct {
	ID    string // group.id
	Topic string // the topic whose partition 0 stands for the lead: config.storage.topic
	// SessionTimeout is after how much silence the broker takes a member for dead (session.timeout.ms). Defaults to
	// 10 s, Connect's default. The broker refuses what is outside of its group.min.session.timeout.ms (6 s) and
	// group.max.session.timeout.ms.
	SessionTimeout time.Duration
	// HeartbeatInterval is heartbeat.interval.ms: at most a third of SessionTimeout. Defaults to 3 s, or to that third.
	HeartbeatInterval time.Duration
	// RebalanceTimeout is how long the broker waits for a member that lives and does not join again
	// (rebalance.timeout.ms). Defaults to 60 s.
	RebalanceTimeout time.Duration
	Member           []byte       // what this member says about itself: Member.Data for all
	Log              *slog.Logger // nil: nothing is logged
	// Look is shown who is there before this member joins; an error keeps it out and is returned by Join. Nil: nobody looks.
	Look func(context.Context, []Member) error
}

func (c Config) withDefaults() Config {
	if c.SessionTimeout <= 0 {
		c.SessionTimeout = 10 * time.Second
	}
	if c.HeartbeatInterval <= 0 {
		c.HeartbeatInterval = 3 * time.Second
	}
	c.HeartbeatInterval = min(c.HeartbeatInterval, c.SessionTimeout/3)
	if c.RebalanceTimeout <= 0 {
		c.RebalanceTimeout = time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Door is what the room of the door to the broker lends.
type Door struct {
	Connect  func(...kgo.Opt) (*kgo.Client, error)
	Classify func(op string, err error) error // makes a *fault.Error of a broker's
}

// Group is this process's membership in a group. One that is lost is taken up again by itself. It is safe for concurrent
// use.
type Group struct {
	door   Door
	config Config
	cancel context.CancelFunc
	owned  sync.WaitGroup
	leave  sync.Once
	hurry  chan struct{} // capacity 1: heartbeat at once, and faster for a moment
	again  chan struct{} // capacity 1: the generation is over, join again

	mu         sync.Mutex
	client     *kgo.Client
	id         string
	generation int32 // -1: in none
	settled    bool  // generation's assignment has come and no newer join is under way
	leads      bool
	heard      time.Time
	err        error
	abort      context.CancelFunc // ends the latest join
	changed    chan struct{}      // closed and replaced, as Table.moved
}

// Join looks at what goes by that group.id already and starts to join; it does not wait for the end of that: see Changed.
// A Connect cluster, other consumers or a group of the newer protocol (KIP-848) with members under that id are a fatal
// error. Close the group.
func Join(ctx context.Context, door Door, config Config) (*Group, error) {
	g := &Group{
		door: door, config: config.withDefaults(), generation: -1, abort: func() {}, changed: make(chan struct{}),
		hurry: make(chan struct{}, 1), again: make(chan struct{}, 1),
	}
	cl, err := g.connect()
	if err != nil {
		return nil, err
	}
	g.client = cl
	if err := g.admitted(ctx); err != nil {
		cl.Close()
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	g.cancel = cancel
	g.owned.Go(func() { g.live(life) })
	g.owned.Go(func() { g.beat(life) })
	return g, nil
}

func (g *Group) connect() (*kgo.Client, error) {
	// A connection that is silent for so long is given up, early enough for another try within the session.
	silence := max(g.config.SessionTimeout/3, time.Second)
	return g.door.Connect(
		kgo.RequestTimeoutOverhead(silence),
		kgo.DialTimeout(silence),
		kgo.RetryTimeout(g.config.SessionTimeout),
		kgo.RetryBackoffFn(backoff),
	)
}

// Leads tells whether this member holds partition 0 in the present generation. It is false as soon as nothing was heard
// for SessionTimeout, by the monotonic clock, and true while a rebalance goes on.
func (g *Group) Leads() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.leads && time.Since(g.heard) < g.config.SessionTimeout
}

// Changed is closed at the next change of Leads, of the generation or of Err. Ask for it before looking at these.
func (g *Group) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

// Heard is until when this member is known to have been alive for the group coordinator: the moment at which the latest
// request was sent that it accepted (the broker counts the session from then, at the earliest). Answers that do not
// prolong the session do not count: a broker that is no longer the coordinator, a generation that is over. Zero before
// the first generation. It carries a monotonic reading.
func (g *Group) Heard() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.heard
}

// MemberID returns the id that the coordinator gave, empty before it did, and the generation, -1 outside of any.
func (g *Group) MemberID() (id string, generation int32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.id, g.generation
}

// Err is what keeps this member out of the group and needs a person, nil while all is well. Joining is tried on every few
// seconds; Err is nil again once that has worked.
func (g *Group) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// Rejoin finds out at once, instead of at the next heartbeat, that the group rebalances, and joins again if it does. For
// survivors once a member was evicted: a rebalance ends when all members have joined. It looks for a second, so the order
// of Evict here and Rejoin there does not matter.
func (g *Group) Rejoin() {
	select {
	case g.hurry <- struct{}{}:
	default:
	}
}

// leaveTimeout bounds LeaveGroup: after it, the session timeout does the same.
const leaveTimeout = 3 * time.Second

// Abandon leaves the group for good, whatever the owner of g is stuck in, so that another member can lead: for a
// watchdog. It takes at most a few seconds. Close is still needed.
func (g *Group) Abandon() {
	g.leave.Do(func() {
		g.cancel()
		g.owned.Wait()
		id, _ := g.MemberID()
		g.lose(id, false)
		if id == "" {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
		defer cancel()
		if err := g.Evict(ctx, id); err != nil {
			g.config.Log.Warn("could not leave the group; the session timeout will do it", "group", g.config.ID, "error", err)
		}
	})
}

// Close leaves the group at once, so that another member leads without a wait, and lets go of the connections.
func (g *Group) Close() {
	g.Abandon()
	g.broker().Close()
}
