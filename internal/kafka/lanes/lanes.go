// Package lanes is a member of the Kafka consumer group that spreads the lanes of a work queue, its topic's partitions, over
// the workers. Which lanes a member has is advice: only the newest holder of a lane's transactional id can commit. Nothing is
// consumed, and committed offsets are for eyes (lag tools, autoscalers).
//
// The member is franz-go's own. It sends heartbeats by itself, unpolled, but not while it waits in JoinGroup; that delays
// advice and harms nobody (unlike the group that says who lives: see membership).
package lanes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/fault"
)

// Config says which group to join and how.
type Config struct {
	Group      string
	Topic      string // the work queue
	Partitions int    // how many it must have
	ClientID   string // the worker's name and instance, by which Evict and Of know it
	// SessionTimeout is after how much silence the broker takes a member for dead (session.timeout.ms). Defaults to
	// 10 s. The broker refuses what is outside of its group.min.session.timeout.ms (6 s) and
	// group.max.session.timeout.ms.
	SessionTimeout time.Duration
	// HeartbeatInterval is also how long it may take a member to notice that the group spreads its lanes anew: at most a
	// third of SessionTimeout. Defaults to 1 s, or to that third.
	HeartbeatInterval time.Duration
	// RebalanceTimeout is how long the broker waits for a member that lives and does not join again
	// (rebalance.timeout.ms), and about how long a JoinGroup that was lost without a word keeps this member out. Defaults
	// to SessionTimeout: nobody has anything to finish before it joins again, and who was left out joins later.
	RebalanceTimeout time.Duration
	Log              *slog.Logger // nil: nothing is logged
}

func (c Config) withDefaults() Config {
	if c.SessionTimeout <= 0 {
		c.SessionTimeout = 10 * time.Second
	}
	if c.HeartbeatInterval <= 0 {
		c.HeartbeatInterval = time.Second
	}
	c.HeartbeatInterval = min(c.HeartbeatInterval, c.SessionTimeout/3)
	if c.RebalanceTimeout <= 0 {
		c.RebalanceTimeout = c.SessionTimeout
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

// Lanes is this process's membership in the group of one work queue. One that is lost is taken up again by itself. It is
// safe for concurrent use.
type Lanes struct {
	door   Door
	config Config
	client *kgo.Client
	cut    context.CancelFunc // ends the client's requests, a JoinGroup that waits too
	owned  sync.WaitGroup
	leave  sync.Once

	mu       sync.Mutex
	assigned map[int32]bool
	err      error
	changed  chan struct{} // closed and replaced
}

// Join checks that the topic has its partitions, a fatal error else, and starts to join; it does not wait for the end of
// that: see Changed. Close the lanes.
func Join(ctx context.Context, door Door, config Config) (*Lanes, error) {
	l := &Lanes{door: door, config: config.withDefaults(), assigned: map[int32]bool{}, changed: make(chan struct{})}
	if err := l.checked(ctx); err != nil {
		return nil, err
	}
	life, cut := context.WithCancel(context.Background())
	cl, err := l.connect(life)
	if err != nil {
		cut()
		return nil, err
	}
	l.client, l.cut = cl, cut
	l.owned.Go(func() { l.watch(life) })
	return l, nil
}

func (l *Lanes) connect(life context.Context) (*kgo.Client, error) {
	// A connection that is silent for so long is given up, early enough for another try within the session.
	silence := max(l.config.SessionTimeout/3, time.Second)
	return l.door.Connect(
		kgo.WithContext(life),
		kgo.RequestTimeoutOverhead(silence),
		kgo.DialTimeout(silence),
		kgo.RetryTimeout(l.config.SessionTimeout),
		kgo.ClientID(l.config.ClientID),
		kgo.ConsumerGroup(l.config.Group),
		kgo.ConsumeTopics(l.config.Topic),
		kgo.Balancers(kgo.CooperativeStickyBalancer()), // counts differ by at most one, and only what must move moves
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(l.config.SessionTimeout),
		kgo.HeartbeatInterval(l.config.HeartbeatInterval),
		kgo.RebalanceTimeout(l.config.RebalanceTimeout),
		kgo.AdjustFetchOffsetsFn(nowhere),
		kgo.OnPartitionsAssigned(l.gained),
		kgo.OnPartitionsRevoked(l.lost),
		kgo.OnPartitionsLost(l.lost),
	)
}

// nowhere makes up where to read from, which nobody does. Left to itself, franz-go asks the broker for the start of each
// lane that has no commit; on a connection that was cut, heartbeats would wait behind that question for half a minute.
func nowhere(_ context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	for _, partitions := range offsets {
		for p := range partitions {
			partitions[p] = kgo.NewOffset().At(0)
		}
	}
	return offsets, nil
}

func (l *Lanes) checked(ctx context.Context) error {
	op := "join group " + l.config.Group
	cl, err := l.door.Connect()
	if err != nil {
		return err
	}
	defer cl.Close()
	topics, err := kadm.NewClient(cl).ListTopics(ctx, l.config.Topic)
	if err == nil {
		err = topics.Error()
	}
	if err != nil {
		return l.door.Classify(op, err)
	}
	if n := len(topics[l.config.Topic].Partitions); n != l.config.Partitions {
		return &fault.Error{
			Op: op, Err: fmt.Errorf("topic %s has %d partitions and must have %d: what is queued lies by that number", l.config.Topic, n, l.config.Partitions),
			Hint: "stop the connector, delete the topic and start it again; what was queued is lost",
		}
	}
	return nil
}

// gained pauses the topic before its new partitions can be fetched: franz-go waits for this call, and a source without a
// partition to fetch sleeps.
func (l *Lanes) gained(_ context.Context, cl *kgo.Client, partitions map[string][]int32) {
	cl.PauseFetchTopics(l.config.Topic)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range partitions[l.config.Topic] {
		l.assigned[p] = true
	}
	l.err = nil
	l.notify("lanes were assigned", partitions[l.config.Topic])
}

func (l *Lanes) lost(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range partitions[l.config.Topic] {
		delete(l.assigned, p)
	}
	if len(partitions[l.config.Topic]) > 0 {
		l.notify("lanes were taken away", partitions[l.config.Topic])
	}
}

func (l *Lanes) notify(what string, partitions []int32) {
	close(l.changed)
	l.changed = make(chan struct{})
	l.config.Log.Debug(what, "group", l.config.Group, "lanes", partitions, "now", l.held())
}

// watch hears what puts this member out of the group: franz-go tells it to those who poll. Records never come, since the
// topic is paused.
func (l *Lanes) watch(life context.Context) {
	for life.Err() == nil {
		out, ok := errors.AsType[*kgo.ErrGroupSession](l.client.PollFetches(life).Err())
		if !ok {
			continue
		}
		err := l.door.Classify("stay in group "+l.config.Group, out)
		l.config.Log.Debug("out of the group for a moment", "group", l.config.Group, "error", err)
		if fault.KindOf(err) != fault.Fatal {
			continue
		}
		l.mu.Lock()
		l.err = err
		l.notify("this needs a person", nil)
		l.mu.Unlock()
	}
}

// Assigned are the lanes that this member has, in order. It is advice and may be late, on a member that is cut off until
// it is heard again.
func (l *Lanes) Assigned() []int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held()
}

func (l *Lanes) held() []int32 {
	held := make([]int32, 0, len(l.assigned))
	for p := range l.assigned {
		held = append(held, p)
	}
	slices.Sort(held)
	return held
}

// Changed is closed at the next change of Assigned or of Err, and when the group has been spread anew. Ask for it before
// looking at these.
func (l *Lanes) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Err is what keeps this member out of the group and needs a person, nil while all is well. Joining is tried on every few
// seconds; Err is nil again once that has worked.
func (l *Lanes) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
