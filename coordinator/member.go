package coordinator

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/handover"
	"github.com/headwater/headwater/coordinator/load"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Group is this worker's membership in the consumer group.
type Group interface {
	// Leads reports whether it holds the group's only partition.
	Leads() bool
	// Changed is closed when that, or the group, changes.
	Changed() <-chan struct{}
	// Heard is when the group's coordinator last answered.
	Heard() time.Time
}

// Roll is the group as the broker lists it.
type Roll interface {
	// Members lists the living; stable is false while the group is rebalancing and the list cannot be trusted.
	Members(context.Context) (members []Living, stable bool, err error)
	// Evict takes a dead member out of the group, and Rejoin makes the group settle at once.
	Evict(ctx context.Context, id string) error
	Rejoin()
}

// Gossip is what workers tell each other quickly.
type Gossip interface {
	Changed() <-chan struct{}
	Peers() []gossip.Peer
	State(name, instance string) gossip.State
	Join(addrs []string)
	Tell(name string, m proto.Message) error
}

// MemberConfig is what a Member needs.
type MemberConfig struct {
	Self   *headwaterv1.Member
	Group  Group
	Roll   Roll
	Gossip Gossip // nil: none
	Board  *Board
	Leader *Leader
	Herder *Herder
	// Apply makes the running tasks equal to the wanted ones; it does not wait.
	Apply func(map[rows.Task]Want)
	// Lanes makes the running work queues equal to the wanted ones, by connector; it does not wait. Nil: no lane runs here.
	Lanes func(map[string]WantLanes)
	// Bury takes whoever is not living, by Manning, out of the group that spreads a connector's lanes, and fences the lanes
	// that it had. Nil: nobody does, and the lanes wait for the end of its session.
	Bury func(ctx context.Context, connector string, living map[string]bool) error
	// Faulty is told of tasks that are ours and cannot be started, and why.
	Faulty func(rows.Task, int64, error)
	// Session is session.timeout.ms.
	Session time.Duration
	Log     *slog.Logger
}

// Member is one worker's part in the cluster: it follows the rows and, when the group says so, leads.
type Member struct {
	MemberConfig

	known    []Living          // as of the last time that the group was stable
	asOf     time.Time         // the claim under which known was read
	buried   map[string]string // who was taken out of the group as dead: instance to name
	manning  map[string]bool   // who could have lanes at the last pass, by Manning
	words    *handover.Book
	loads    *load.Book
	silent   atomic.Bool  // nothing is heard from the group
	stopping atomic.Bool  // the worker is about to end
	turned   atomic.Int64 // when the leader's loop last came round, in nanoseconds since born
	born     time.Time
	hung     chan error    // why Run must end without waiting for what hangs
	applying sync.Mutex    // held from deciding what to run to having said so
	wake     chan struct{} // buffered: something changed that the follower should look at
}

// NewMember returns a member that does nothing until Run.
func NewMember(c MemberConfig) *Member {
	return &Member{MemberConfig: c, words: handover.New(), loads: load.New(), born: time.Now(), buried: map[string]string{}, wake: make(chan struct{}, 1), hung: make(chan error, 1)}
}

// ErrHung says that the leader's loop hung, or its group's was: the worker left the group and should end.
var ErrHung = errors.New("the leader's loop hangs")

// Run follows and leads until ctx ends, which returns nil, or the worker must end, which returns why.
func (m *Member) Run(ctx context.Context) error {
	m.turn()
	m.silent.Store(m.Group.Heard().IsZero()) // nothing runs before the group has answered
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { m.follow(ctx); return nil })
	g.Go(func() error { m.leadLoop(ctx); return nil })
	g.Go(func() error { return m.guard(ctx) })
	g.Go(func() error { return m.heed(ctx) })
	ended := make(chan error, 1)
	go func() { ended <- g.Wait() }()
	select {
	case err := <-ended:
		return err
	case err := <-m.hung: // whoever hangs is not waited for
		return err
	}
}

// passEvery is how often the leader looks at the group even when nothing tells it to.
const passEvery = 500 * time.Millisecond

// leadLoop passes whenever something changes, while the group gives this worker the lead.
func (m *Member) leadLoop(ctx context.Context) {
	for ctx.Err() == nil {
		board, herder, group, talk := m.Board.Changed(), m.Herder.Changed(), m.Group.Changed(), m.talk()
		m.turn()
		if m.Group.Leads() && !m.silent.Load() {
			m.once(ctx)
		} else if !m.Group.Leads() {
			m.Leader.Release(ctx)
		}
		select {
		case <-ctx.Done():
		case <-board:
		case <-herder:
		case <-group:
		case <-talk:
		case <-time.After(passEvery):
		}
	}
}

func (m *Member) talk() <-chan struct{} {
	if m.Gossip == nil {
		return nil
	}
	return m.Gossip.Changed()
}

// once is one pass; what fails is tried again with the next.
func (m *Member) once(ctx context.Context) {
	proof.Point("pass")
	err := m.Leader.Do(ctx, m.pass)
	if err == nil || ctx.Err() != nil {
		return
	}
	if _, lost := errors.AsType[*Lost](err); lost {
		m.Log.Info("not leading", "err", err)
	} else {
		m.Log.Warn("assignment will be tried again", "err", err)
	}
	pause(ctx, passEvery)
}

// Silent reports whether the group has not been heard from for so long that this worker runs nothing.
func (m *Member) Silent() bool { return m.silent.Load() }

// turn notes that the leader's loop is alive.
func (m *Member) turn() { m.turned.Store(int64(time.Since(m.born))) }

// guard watches the clock: a worker that hears nothing from the group stops its tasks before it can be replaced, and one
// whose loop hangs ends, so that another may lead.
func (m *Member) guard(ctx context.Context) error {
	tick := time.NewTicker(m.Session / 50)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		silent := time.Since(m.Group.Heard()) > m.Session*4/5 && !proof.Broken("self-stop")
		if m.silent.Swap(silent) != silent {
			m.Log.Log(ctx, contact(silent), "contact with the group", "lost", silent)
			m.rouse()
		}
		hung := time.Since(m.born)-time.Duration(m.turned.Load()) > 2*passLimit || m.Leader.Held() > 2*passLimit
		if hung && !proof.Broken("watchdog") {
			m.hung <- &fault.Error{Op: "lead group", Err: ErrHung, Hint: "the process ends so that another worker can lead; restart it"}
			return nil
		}
	}
}

func contact(lost bool) slog.Level {
	if lost {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
