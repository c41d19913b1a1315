package coordinator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

const (
	configTopic = "configs"
	rowTopic    = "g-assignments"
)

// world is what the workers of a test share: the committed records of both topics in order, who holds the cluster's
// transactional id, and the group. What it does for one worker the others see at once, unless they lag.
type world struct {
	mu       sync.Mutex
	log      []record.Message
	holder   *node
	story    []string // commits and fences, in order
	members  []Living
	unstable bool
	nodes    []*node
}

// node is one worker; it is its own Writer, Group and Roll.
type node struct {
	*world
	*Member
	lags     bool           // it reads only when it is told to read to the end
	at       map[string]int // read so far, by topic
	claims   int
	commits  int
	rejoined int
	evicted  []string
	leads    bool
	moved    alert
	heard    func() time.Time
	asked    func() ([]Living, bool, error) // what the roll says instead of the truth
	before   func([]record.Message) error   // fails a commit that does not land
	after    func([]record.Message) error   // fails a commit that has landed
	unfenced func([]string) error           // fails a fencing
	parse    func(map[string]string) error  // fails a configuration
	talk     *talk                          // nil: no gossip
	applied  []map[rows.Task]Want           // every call of Apply
	faulty   []string                       // tasks that could not be started
	altered  []string                       // ids under which offsets were written
	apply    func(map[rows.Task]Want)       // told of every call of Apply
	claim    func() error                   // fails a claim
}

// talk is gossip as one worker hears it.
type talk struct {
	mu     sync.Mutex
	peers  []gossip.Peer
	told   []string
	joined []string
	news   alert
}

func newWorld() *world { return &world{} }

// add starts a worker; the first leads. Its instance is its name and a number.
func (w *world) add(name string) *node {
	return w.start(name, fmt.Sprintf("%s-%d", name, len(w.nodes)+1))
}

func (w *world) start(name, instance string) *node {
	n := &node{world: w, at: map[string]int{}, moved: newAlert(), leads: len(w.nodes) == 0, heard: time.Now}
	self := &headwaterv1.Member{
		Name: name, Instance: instance, Url: "http://" + name, Gossip: name + ":7946", StartedUnixMs: int64(len(w.nodes) + 1), Protocol: Protocol,
	}
	log := slog.New(slog.DiscardHandler)
	board := NewBoard(self, func(context.Context) error { n.catchUp(rowTopic); return nil }, log)
	leader := NewLeader(self, rowTopic, board, n, n.Leads)
	herder := NewHerder(HerderConfig{
		GroupID: "g", Topic: configTopic, Leader: leader, Log: log, Fence: n.fence, Parse: n.read, Warn: func(map[string]string) {},
		Synced: func(context.Context) error { n.catchUp(configTopic); return nil },
		Commit: func(_ context.Context, id string, _ []record.Message) error {
			n.altered = append(n.altered, id)
			return nil
		},
	})
	n.Member = NewMember(MemberConfig{
		Self: self, Group: n, Roll: n, Board: board, Leader: leader, Herder: herder, Session: 10 * time.Second, Log: log,
		Apply: n.take, Faulty: func(t rows.Task, _ int64, _ error) { n.faulty = append(n.faulty, t.String()) },
	})
	w.mu.Lock()
	w.nodes = append(w.nodes, n)
	w.members = append(w.members, Living{ID: "id-" + instance, Member: self})
	w.mu.Unlock()
	n.catchUp(rowTopic)
	n.catchUp(configTopic)
	return n
}

// list sets whether the group is stable, and adds members to it.
func (w *world) list(stable bool, more ...Living) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unstable, w.members = !stable, append(w.members, more...)
}

// kill takes a worker out of the group, as the end of its session does.
func (w *world) kill(n *node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n.leads = false
	w.members = slices.DeleteFunc(w.members, func(l Living) bool { return l.GetInstance() == n.Self.GetInstance() })
}

func (n *node) take(want map[rows.Task]Want) {
	n.mu.Lock()
	n.applied = append(n.applied, want)
	n.mu.Unlock()
	if n.apply != nil {
		n.apply(want)
	}
}

func (n *node) read(config map[string]string) (connector.Config, error) {
	if n.parse != nil {
		if err := n.parse(config); err != nil {
			return connector.Config{}, err
		}
	}
	c, _, err := connector.Parse(config)
	return c, err
}

// catchUp reads a topic to its end.
func (n *node) catchUp(topic string) {
	n.mu.Lock()
	log := slices.Clone(n.log)
	from := n.at[topic]
	n.at[topic] = len(log)
	n.mu.Unlock()
	for i, m := range log[min(from, len(log)):] {
		switch {
		case m.Topic != topic:
		case topic == rowTopic:
			n.Board.Read(int64(from+i), m)
		default:
			n.Herder.Read(int64(from+i), m)
		}
	}
}

// append puts records into the log, as whoever may write does.
func (w *world) append(messages ...record.Message) {
	w.mu.Lock()
	w.log = append(w.log, messages...)
	nodes := slices.Clone(w.nodes)
	w.mu.Unlock()
	for _, n := range nodes {
		if !n.lags {
			n.catchUp(rowTopic)
			n.catchUp(configTopic)
		}
	}
}

// tell notes what happened.
func (w *world) tell(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.story = append(w.story, line)
}

// forget starts the story anew.
func (w *world) forget() { w.mu.Lock(); w.story = nil; w.mu.Unlock() }

func (w *world) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.story, "\n")
}

// Claim implements Writer.
func (n *node) Claim(context.Context) error {
	n.claims++
	if n.claim != nil {
		if err := n.claim(); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.holder = n
	return nil
}

// Commit implements Writer: it lands while n holds the id.
func (n *node) Commit(_ context.Context, batches []record.Batch) error {
	n.commits++
	var messages []record.Message
	for _, b := range batches {
		for m := range b.Messages {
			messages = append(messages, m)
		}
	}
	if n.before != nil {
		if err := n.before(messages); err != nil {
			return err
		}
	}
	n.mu.Lock()
	holds := n.holder == n
	n.mu.Unlock()
	if !holds {
		return &fault.Error{Kind: fault.Fenced, Op: "commit", Err: errors.New("fenced")}
	}
	if line := shown(messages); line != "" {
		n.tell(line)
	}
	n.append(messages...)
	if n.after != nil {
		return n.after(messages)
	}
	return nil
}

// Close implements Writer.
func (n *node) Close() {}

func (n *node) fence(_ context.Context, ids []string) error {
	if n.unfenced != nil {
		if err := n.unfenced(ids); err != nil {
			return err
		}
	}
	ids = slices.Sorted(slices.Values(ids))
	n.tell("fence " + strings.Join(ids, " "))
	return nil
}

// shown is a commit in words, without the leader's row.
func shown(messages []record.Message) string {
	var out []string
	for _, m := range messages {
		line := string(m.Key)
		switch {
		case line == rows.LeaderKey:
			continue
		case m.Value == nil:
			line += " gone"
		case m.Topic == rowTopic && strings.HasPrefix(line, "task/"):
			a := &headwaterv1.Assignment{}
			_ = proto.Unmarshal(m.Value, a)
			line += " " + or(a.GetWorker(), "nobody")
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Leads implements Group: nobody leads who has not heard from it for a session.
func (n *node) Leads() bool {
	heard := time.Since(n.heard()) < n.Session
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.leads && heard
}

// lead gives or takes the lead.
func (n *node) lead(leads bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.leads = leads
	n.moved.ring()
}

// Changed implements Group.
func (n *node) Changed() <-chan struct{} { n.mu.Lock(); defer n.mu.Unlock(); return n.moved.c }

// Heard implements Group.
func (n *node) Heard() time.Time { return n.heard() }

// Members implements Roll.
func (n *node) Members(context.Context) ([]Living, bool, error) {
	if n.asked != nil {
		return n.asked()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.members), !n.unstable, nil
}

// Evict implements Roll.
func (n *node) Evict(_ context.Context, id string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.evicted = append(n.evicted, id)
	n.members = slices.DeleteFunc(n.members, func(l Living) bool { return l.ID == id })
	return nil
}

// Rejoin implements Roll.
func (n *node) Rejoin() { n.mu.Lock(); n.rejoined++; n.mu.Unlock() }

// gossips gives a worker gossip in which it has heard nothing.
func (n *node) gossips() *talk {
	n.talk = &talk{news: newAlert()}
	n.Gossip = n.talk
	return n.talk
}

// hear sets the state of a worker.
func (t *talk) hear(n *node, s gossip.State, draining bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := proto.CloneOf(n.Self)
	m.Draining = draining
	t.peers = slices.DeleteFunc(t.peers, func(p gossip.Peer) bool { return p.Member.GetInstance() == m.GetInstance() })
	t.peers = append(t.peers, gossip.Peer{Member: m, State: s})
	t.news.ring()
}

func (t *talk) Changed() <-chan struct{} { t.mu.Lock(); defer t.mu.Unlock(); return t.news.c }

func (t *talk) Peers() []gossip.Peer { t.mu.Lock(); defer t.mu.Unlock(); return slices.Clone(t.peers) }

func (t *talk) State(name, instance string) gossip.State {
	for _, p := range t.Peers() {
		if p.Member.GetName() == name && p.Member.GetInstance() == instance {
			return p.State
		}
	}
	return gossip.Unknown
}

func (t *talk) Join(addrs []string) { t.mu.Lock(); t.joined = addrs; t.mu.Unlock() }

func (t *talk) Tell(name string, m proto.Message) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch w := m.(type) {
	case *headwaterv1.Released:
		t.told = append(t.told, fmt.Sprintf("%s: %s/%d epoch %d", name, w.GetConnector(), w.GetTask(), w.GetEpoch()))
	case *headwaterv1.Loads:
		t.told = append(t.told, fmt.Sprintf("%s: loads of %d", name, len(w.GetTasks())))
	}
	return nil
}

// pass is one pass as the leader.
func (n *node) once(ctx context.Context) error { return n.Leader.Do(ctx, n.Member.pass) }

// settle passes until nothing changes, which must be soon.
func (n *node) settle(t *testing.T) {
	t.Helper()
	for range 4 {
		before := n.commits
		if err := n.once(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n.commits == before {
			return
		}
	}
	t.Fatal("the leader's passes do not come to an end: each of them writes rows")
}

func (n *node) put(t *testing.T, name string, config map[string]string) {
	t.Helper()
	if err := n.Herder.Put(t.Context(), name, config); err != nil {
		t.Fatal(err)
	}
}

// config has so many APIs in so many tasks (0: one each); more are properties and values.
func config(apis, tasks int, more ...string) map[string]string {
	c := map[string]string{
		"connector.class": "HttpSourceV2", "output.data.format": "JSON", "http.api.base.url": "http://api.test",
		"apis.num": fmt.Sprint(apis),
	}
	if tasks > 0 {
		c["tasks.max"] = fmt.Sprint(tasks)
	}
	for n := 1; n <= apis; n++ {
		p := fmt.Sprintf("api%d.", n)
		c[p+"http.api.path"], c[p+"topics"], c[p+"http.initial.offset"] = fmt.Sprintf("/items%d/${offset}", n), "t", "1"
	}
	for i := 0; i < len(more); i += 2 {
		c[more[i]] = more[i+1]
	}
	return c
}

// named is a configuration as it stands in the topic.
func named(name string, c map[string]string) map[string]string { c["name"] = name; return c }

// placed says who has which task, by the rows that n has read.
func (n *node) placed() string {
	var out []string
	for t, row := range n.Board.View().Tasks {
		out = append(out, t.String()+" "+or(row.GetWorker(), "nobody"))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// runs lists what a worker would run now.
func (n *node) runs() string {
	var out []string
	for t := range n.wants(map[rows.Task]Want{}) {
		out = append(out, t.String())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (n *node) row(t *testing.T, name string) *headwaterv1.Assignment {
	t.Helper()
	task, err := rows.ParseTask(name)
	if err != nil {
		t.Fatal(err)
	}
	row, ok := n.Board.View().Tasks[task]
	if !ok {
		t.Fatalf("task %s has no row", name)
	}
	return row
}

// owners checks that every task of the connector runs somewhere, and once.
func (w *world) owners(t *testing.T, tasks ...string) {
	t.Helper()
	var got []string
	for _, n := range w.nodes {
		if slices.ContainsFunc(w.members, func(l Living) bool { return l.GetInstance() == n.Self.GetInstance() }) {
			got = append(got, strings.Fields(n.runs())...)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, tasks) {
		t.Errorf("the workers run %v, want each of %v once", got, tasks)
	}
}

// epochs checks that no epoch was used for two different commits: the leader's row rises with each.
func (w *world) epochs(t *testing.T) {
	t.Helper()
	last := int64(-1)
	var who string
	for _, m := range w.log {
		if m.Topic != rowTopic || string(m.Key) != rows.LeaderKey {
			continue
		}
		l := &headwaterv1.Leader{}
		if err := proto.Unmarshal(m.Value, l); err != nil {
			continue
		}
		if l.GetEpoch() < last || l.GetEpoch() == last && l.GetInstance() != who {
			t.Errorf("epoch %d of %s was written after epoch %d of %s", l.GetEpoch(), l.GetInstance(), last, who)
		}
		last, who = l.GetEpoch(), l.GetInstance()
	}
}

// stored is what the config topic comes to.
func (w *world) stored(t *testing.T) *configs.State {
	t.Helper()
	s := configs.NewState()
	for i, m := range w.log {
		if m.Topic == configTopic {
			_ = s.Apply(int64(i), m.Key, m.Value) // corrupt ones are part of some tests
		}
	}
	return s
}

func lost(err error) bool {
	_, ok := errors.AsType[*Lost](err)
	return ok
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}
