package gossip

import (
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

const (
	watchInterval = 50 * time.Millisecond
	// deathHold is how long a death must stand before it counts: a worker that is wrongly called dead hears of it and
	// objects within two rounds of gossip.
	deathHold = 200 * time.Millisecond
	// stall is how late watching may come. When this process itself did not run, its timers end before it reads what was
	// said meanwhile, and it would bury everyone; recovery is how long it then listens first.
	stall    = 500 * time.Millisecond
	recovery = 1500 * time.Millisecond
	// remember is how long the dead are listed.
	remember = 5 * time.Minute
	// mostPeers bounds what a stranger with the key can make a worker remember.
	mostPeers = 4096
)

// State is what gossip thinks of a worker.
type State uint8

const (
	// Unknown was never heard of, or died or left more than five minutes ago.
	Unknown State = iota
	// Alive answers.
	Alive
	// Suspect did not answer, and can still object.
	Suspect
	// Dead did not object.
	Dead
	// Left said goodbye.
	Left
)

// String returns the state in lower case.
func (s State) String() string {
	return [...]string{"unknown", "alive", "suspect", "dead", "left"}[s]
}

// Peer is a worker as gossip knows it.
type Peer struct {
	// Member is what it said last; it belongs to the caller.
	Member *headwaterv1.Member
	State  State
	// Since is when it came into State, by this worker's clock.
	Since time.Time
}

// record is a peer and how to reach it.
type record struct {
	Peer
	ip   net.IP
	port uint16
	died time.Time // memberlist has buried it, and it does not count yet; zero: it has not
}

// table is who is there. memberlist's own list cannot be used: it tells neither suspects nor who left, and hands out what
// it goes on changing. Its methods are called with memberlist's lock held and never call it.
type table struct {
	self     string
	log      *slog.Logger
	received func(proto.Message)
	garbage  atomic.Int64
	once     [hints]sync.Once

	mu      sync.Mutex
	records map[string]*record
	changed chan struct{}
	started time.Time
	goodbye time.Time // when this worker left; zero: it has not
	swept   time.Time
	quiet   time.Time // deaths do not count before
}

func newTable(self string, log *slog.Logger, received func(proto.Message)) *table {
	now := time.Now()
	return &table{
		self: self, log: log, received: received,
		records: map[string]*record{}, changed: make(chan struct{}), started: now, swept: now,
	}
}

// Changed returns a channel that is closed at the next change of Peers: someone came, changed, is suspected, died, left or
// was forgotten.
func (t *table) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// State says how the worker of that name and instance is doing; this worker itself is Alive until it leaves.
func (t *table) State(name, instance string) State {
	node := name + "/" + instance
	t.mu.Lock()
	defer t.mu.Unlock()
	if r, ok := t.records[node]; ok {
		return r.State
	}
	if node == t.self {
		return t.me(nil).State
	}
	return Unknown
}

// Garbage counts what was received and could not be understood: a worker of another make, or not a worker.
func (t *table) Garbage() int64 { return t.garbage.Load() }

func (t *table) peers(self *headwaterv1.Member) []Peer {
	t.mu.Lock()
	out := []Peer{t.me(self)}
	for _, r := range t.records {
		p := r.Peer
		p.Member = clone(p.Member)
		out = append(out, p)
	}
	t.mu.Unlock()
	slices.SortFunc(out, func(a, b Peer) int {
		if c := strings.Compare(a.Member.GetName(), b.Member.GetName()); c != 0 {
			return c
		}
		return strings.Compare(a.Member.GetInstance(), b.Member.GetInstance())
	})
	return out
}

// me is this worker; the lock is held.
func (t *table) me(self *headwaterv1.Member) Peer {
	if !t.goodbye.IsZero() {
		return Peer{self, Left, t.goodbye}
	}
	return Peer{self, Alive, t.started}
}

// set changes a record's state; the lock is held.
func (t *table) set(r *record, s State) {
	if r.State == s {
		return
	}
	r.State, r.Since = s, time.Now()
	t.wake()
}

// wake closes and replaces changed; the lock is held.
func (t *table) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *table) announce() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wake()
}

func (t *table) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.goodbye = time.Now()
	t.wake()
}

// sweep lets deaths count that stood long enough and forgets the old dead.
func (t *table) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.swept) > stall {
		t.quiet = now.Add(recovery)
	}
	t.swept = now
	for node, r := range t.records {
		switch {
		case !r.died.IsZero() && now.Sub(r.died) >= deathHold && !now.Before(t.quiet):
			r.died = time.Time{}
			t.set(r, Dead)
		case (r.State == Dead || r.State == Left) && now.Sub(r.Since) > remember:
			delete(t.records, node)
			t.wake()
		}
	}
}

// living returns those that can be talked to.
func (t *table) living() []record {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []record
	for _, r := range t.records {
		if r.State == Alive || r.State == Suspect {
			out = append(out, *r)
		}
	}
	return out
}

func (r *record) node() string { return r.Member.GetName() + "/" + r.Member.GetInstance() }

func (r *record) addr() string { return net.JoinHostPort(r.ip.String(), strconv.Itoa(int(r.port))) }
