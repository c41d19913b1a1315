package chaos

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/gossip/ether"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker"
)

// node is a member of the cluster, wired as cmd/worker does it. It has three wires: to Kafka; to the broker that
// has the assignments topic and the config topic, which may be out of reach while the others are not; and to the APIs.
type node struct {
	f               *fleet
	self            *headwaterv1.Member
	kafka, row, web *wire
	place           *ether.Transport
	log             *slog.Logger
	ctx             context.Context
	cancel          context.CancelFunc
	done            sync.WaitGroup
	asked           sync.WaitGroup // changes that were asked of it and go on

	cluster       *kafka.Cluster
	offsets, list *kafka.Table // list: the assignments
	configs       *kafka.Table
	board         *coordinator.Board
	leader        *coordinator.Leader
	writer        *kafka.Transactor // the leader's
	herder        *coordinator.Herder
	part          atomic.Pointer[coordinator.Member]
	running       *worker.Worker
	group         atomic.Pointer[kafka.Group]
	gossip        atomic.Pointer[gossip.Gossip]

	open   atomic.Bool // it takes part
	gone   atomic.Bool // killed, or on its way out
	cut    atomic.Bool // from Kafka
	frozen atomic.Bool // as by SIGSTOP: its own clock tells it nothing
	usurps atomic.Bool // it believes that it leads
	hangs  atomic.Bool // its questions about the group are never answered
	slow   atomic.Int64
	ended  atomic.Pointer[error] // why it ended by itself
}

// join starts a member. It returns at once.
func (f *fleet) join(name string) *node {
	f.mu.Lock()
	f.born++
	if name == "" {
		name = fmt.Sprintf("w%d", f.born)
	}
	seed := f.shape.seed*1000 + 10*uint64(f.born)
	n := &node{
		f: f, kafka: newWire(f.net.DialContext, seed), row: newWire(f.net.DialContext, seed+1), web: newWire(f.net.DialContext, seed+2),
		log: slog.New(slog.DiscardHandler),
		self: &headwaterv1.Member{
			Name: name, Instance: fmt.Sprintf("i%d", f.born), StartedUnixMs: time.Now().UnixMilli(), Protocol: coordinator.Protocol,
			Url: "http://" + name, ExactlyOnce: true,
		},
	}
	f.nodes = append(f.nodes, n)
	f.mu.Unlock()
	if verbose {
		n.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level()})).With("worker", n.String())
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.done.Go(n.run)
	return n
}

func (n *node) String() string { return n.self.GetName() + "/" + n.self.GetInstance() }

// ready reports whether it takes part.
func (n *node) ready() bool { return n.open.Load() && !n.gone.Load() }

// run is the member's life.
func (n *node) run() {
	defer n.end()
	for _, step := range []func() error{n.connect, n.tables, n.rooms, n.enter} {
		if err := step(); err != nil {
			n.over(err)
			return
		}
	}
	n.open.Store(true)
	if err := n.part.Load().Run(n.ctx); err != nil {
		n.over(err)
	}
}

// over notes that it ended by itself.
func (n *node) over(err error) {
	if !n.gone.Swap(true) {
		n.f.trail.stands(n)
		n.ended.Store(&err)
		n.log.Error("ended", "err", err)
	}
}

func (n *node) connect() (err error) {
	n.cluster, err = kafka.NewCluster(n.config(n.kafka))
	return err
}

func (n *node) config(w *wire) kafka.Config {
	return kafka.Config{
		Seeds: n.f.cluster.ListenAddrs(), ClientID: n.self.GetName(), TransactionTimeout: n.f.shape.timeout, Dial: w.dial,
	}
}

// tables opens the readers of the internal topics.
func (n *node) tables() (err error) {
	far, err := kafka.NewCluster(n.config(n.row))
	if err != nil {
		return err
	}
	if n.offsets, err = n.cluster.OpenTable(offsetTopic, nil); err != nil {
		return err
	}
	n.board = coordinator.NewBoard(n.self, func(ctx context.Context) error { return n.list.Sync(ctx) }, n.log)
	if n.list, err = far.OpenTable(rowTopic, n.board.Read); err != nil {
		return err
	}
	id := writerID
	if proof.Broken("deposed") { // nobody can depose whom nobody fences
		id += n.String()
	}
	n.writer = n.cluster.Transactor(id, nil)
	n.leader = coordinator.NewLeader(n.self, rowTopic, n.board, held{n.writer, n, id}, n.leads)
	n.herder = coordinator.NewHerder(coordinator.HerderConfig{
		GroupID: group, Topic: configs.Topic(configTopic), Leader: n.leader, Log: n.log,
		Parse: func(p map[string]string) (connector.Config, error) {
			c, _, err := connector.Parse(p)
			return c, err
		},
		Warn:   func(map[string]string) {},
		Synced: func(ctx context.Context) error { return n.configs.Sync(ctx) },
		Fence:  n.cluster.Fence, Commit: n.commit,
	})
	n.configs, err = far.OpenTable(configTopic, n.herder.Read)
	return err
}

func (n *node) leads() bool {
	g := n.group.Load()
	return g != nil && (g.Leads() || n.usurps.Load())
}

func (n *node) commit(ctx context.Context, id string, messages []record.Message) error {
	t := n.cluster.Transactor(id, nil)
	if err := t.Claim(ctx); err != nil {
		return err
	}
	defer t.Close()
	return t.Commit(ctx, []record.Batch{{Messages: record.Each(messages...)}})
}

func (n *node) rooms() error {
	n.running = &worker.Worker{
		Prepare: n.prepare, Log: n.log,
		Changed: func(w coordinator.Want, s worker.State, trace string) { n.f.trail.changed(n, w, s, trace) },
		Stopped: func(t rows.Task) { n.part.Load().Stopped(t) },
	}
	return nil
}

// enter starts to gossip and joins the group.
func (n *node) enter() (err error) {
	config := coordinator.MemberConfig{
		Self: n.self, Board: n.board, Leader: n.leader, Herder: n.herder, Apply: n.running.Apply, Session: session, Log: n.log,
		Faulty: func(t rows.Task, _ int64, err error) { n.f.trail.found(Failed, "%s cannot start %s: %v", n, t, err) },
	}
	if !n.f.shape.silent {
		place := n.f.ether.Transport()
		g, err := gossip.Start(gossip.Config{
			Label: group, Self: n.self, Received: n.received, Log: slog.New(slog.DiscardHandler), Transport: place,
		})
		if err != nil {
			return err
		}
		n.gossip.Store(g)
		n.self.Gossip, config.Gossip = g.Addr(), g
		n.f.mu.Lock()
		n.place = place
		n.f.mu.Unlock()
		n.f.separate()
	}
	said, err := proto.Marshal(n.self)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(n.ctx, time.Minute)
	defer cancel()
	g, err := n.cluster.JoinGroup(ctx, kafka.GroupConfig{ID: group, Topic: configTopic, SessionTimeout: session, Member: said, Log: n.log})
	if err != nil {
		return err
	}
	n.group.Store(g)
	config.Group, config.Roll = membership{g, n}, roll{g, n}
	n.part.Store(coordinator.NewMember(config))
	return nil
}

// received takes another member's word, which may come before this one has joined the group.
func (n *node) received(word proto.Message) {
	if p := n.part.Load(); p != nil {
		p.Received(word)
	}
}

// membership is the group as the member sees it. A frozen one has no clock to miss the coordinator by.
type membership struct {
	*kafka.Group
	n *node
}

func (m membership) Leads() bool { return m.n.leads() }

func (m membership) Heard() time.Time {
	if at := m.Group.Heard(); !m.n.frozen.Load() || at.IsZero() {
		return at
	}
	return time.Now()
}

// roll is the group as the broker lists it.
type roll struct {
	*kafka.Group
	n *node
}

func (r roll) Members(ctx context.Context) ([]coordinator.Living, bool, error) {
	if r.n.hangs.Load() {
		<-r.n.ctx.Done() // until kill -9
		return nil, false, r.n.ctx.Err()
	}
	members, stable, err := r.Group.Members(ctx)
	var out []coordinator.Living
	for _, m := range members {
		said := &headwaterv1.Member{}
		if len(m.Data) > 0 && proto.Unmarshal(m.Data, said) == nil && said.GetName() != "" {
			out = append(out, coordinator.Living{ID: m.ID, Member: said})
		}
	}
	return out, stable, err
}

// kill ends the member as kill -9 does: nothing that is under way arrives any more, and nothing more is sent.
func (n *node) kill() {
	n.gone.Store(true)
	n.f.trail.died(n)
	for _, w := range n.wires() {
		w.sever()
	}
	n.cancel()
	n.done.Go(n.quiet)
}

func (n *node) wires() []*wire { return []*wire{n.kafka, n.row, n.web} }

// leave ends it in order, as SIGTERM does; it returns when that is done.
func (n *node) leave() {
	n.f.trail.leaves(n)
	if g := n.gossip.Load(); g != nil {
		g.Update(func(self *headwaterv1.Member) { self.Draining = true })
	}
	drain, cancel := context.WithTimeout(n.ctx, n.f.shape.drain)
	n.part.Load().Leave(drain)
	cancel()
	n.part.Load().Stop()
	n.running.Stop()
	n.gone.Store(true)
	n.group.Load().Close()
	if g := n.gossip.Load(); g != nil {
		bye, cancel := context.WithTimeout(n.ctx, 5*time.Second)
		_ = g.Leave(bye)
		cancel()
	}
	n.cancel()
}

// halt ends it together with the whole world.
func (n *node) halt() {
	n.gone.Store(true)
	n.f.trail.stands(n)
	for _, w := range n.wires() {
		w.release()
	}
	n.cancel()
}

// end lets go of everything, whatever there is of it.
func (n *node) end() {
	n.gone.Store(true)
	n.cancel()
	if n.running != nil {
		n.running.Stop()
	}
	if g := n.group.Load(); g != nil {
		g.Close()
	}
	n.quiet()
	n.asked.Wait()
	if n.writer != nil {
		n.writer.Close() // nobody else does: a process ends with it
	}
	for _, t := range []*kafka.Table{n.configs, n.list, n.offsets} {
		if t != nil {
			t.Close()
		}
	}
}

// quiet ends its gossip. Only one may: who waits for the lock that Close holds for half a second stops virtual time.
func (n *node) quiet() {
	if g := n.gossip.Swap(nil); g != nil {
		g.Close()
	}
}

// wait returns when nothing of it is left.
func (n *node) wait() {
	n.done.Wait()
	for _, w := range n.wires() {
		w.sever()
		w.wait()
	}
}

// level is how much of the members' logs is shown: HEADWATER_CHAOS_LOG=debug shows all.
func level() slog.Level {
	if os.Getenv("HEADWATER_CHAOS_LOG") == "debug" {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
