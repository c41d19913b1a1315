package chaos

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/kafka"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker"
	"github.com/headwater/headwater/worker/pipeline/poll"
	"github.com/headwater/headwater/worker/source"
)

// hand is a worker of a chained connector: the product's Runner for the parent API while the rows say so, and its Crew for
// the lanes that the group gives to it, over a store of work items of its own. It has two wires: all the network, and the
// one by which it reads the work queue.
type hand struct {
	w             *chainWorld
	name          string
	wire, tail    *wire
	log           *slog.Logger
	ctx           context.Context
	cancel        context.CancelFunc
	done          sync.WaitGroup
	cluster       *kafka.Cluster // by wire
	tailing       *kafka.Cluster // by tail
	board         *coordinator.Board
	list, offsets *kafka.Table
	source        *source.Client
	items         *items.Store
	crew          atomic.Pointer[manning]
	gone          atomic.Bool
}

// join starts a member, which takes the parent API over and joins the group. It returns at once.
func (w *chainWorld) join() *hand {
	w.mu.Lock()
	w.born++
	seed := w.cfg.seed*1000 + 10*uint64(w.born)
	m := &hand{
		w: w, name: fmt.Sprintf("hand-%d", w.born), wire: newWire(w.net.DialContext, seed), tail: newWire(w.net.DialContext, seed+1),
	}
	w.members = append(w.members, m)
	w.mu.Unlock()
	m.log = w.log(m.name)
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.done.Go(m.run)
	return m
}

// run is the member's life. A start that fails because of a strike is tried again, as whatever supervises it would.
func (m *hand) run() {
	for m.ctx.Err() == nil {
		err := m.open()
		if err == nil {
			err = m.w.boss.assign(m)
		}
		if err == nil {
			m.work()
			m.close()
			return
		}
		m.log.Warn("start failed", "err", err)
		m.close()
		sleep(m.ctx, time.Second)
	}
}

// open makes the clients.
func (m *hand) open() (err error) {
	config := kafka.Config{Seeds: m.w.cluster.ListenAddrs(), ClientID: m.name, TransactionTimeout: txnTimeout, Dial: m.wire.dial}
	if m.cluster, err = kafka.NewCluster(config); err != nil {
		return err
	}
	config.Dial = m.tail.dial
	if m.tailing, err = kafka.NewCluster(config); err != nil {
		return err
	}
	self := &headwaterv1.Member{Name: m.name, Instance: m.name}
	m.board = coordinator.NewBoard(self, func(ctx context.Context) error { return m.list.Sync(ctx) }, m.log)
	if m.list, err = m.cluster.OpenTable(rowTopic, m.board.Read); err != nil {
		return err
	}
	if m.offsets, err = m.cluster.OpenTable(offsetTopic, nil); err != nil {
		return err
	}
	if m.source, err = source.New(source.Config{Connector: m.w.config, Dial: m.wire.dial, Log: m.log}); err != nil {
		return err
	}
	m.items, err = items.Open(items.Config{Dir: m.w.t.TempDir(), Budget: 2 << 20, Log: m.log})
	return err
}

// close lets go of everything, whatever there is of it.
func (m *hand) close() {
	for _, t := range []*kafka.Table{m.offsets, m.list} {
		if t != nil {
			t.Close()
		}
	}
	if m.source != nil {
		m.source.Close()
	}
	if m.items != nil {
		_ = m.items.Close()
	}
	m.offsets, m.list, m.source, m.items = nil, nil, nil, nil
}

// work runs what the rows give to this member until the end: whatever belongs to another epoch is ended and begun anew.
func (m *hand) work() {
	var all sync.WaitGroup
	all.Go(func() { m.keep(m.parentEpoch, m.parent) })
	all.Go(func() { m.keep(m.lanesEpoch, m.lanes) })
	all.Wait()
}

// keep runs life under the epoch that there is, 0 for none.
func (m *hand) keep(epoch func() int64, life func(ctx context.Context, epoch int64)) {
	running, over := int64(0), func() {}
	for m.ctx.Err() == nil {
		changed := m.board.Changed()
		if now := epoch(); now != running {
			over()
			running, over = now, func() {}
			if now != 0 {
				over = begin(m.ctx, func(ctx context.Context) { life(ctx, now) })
			}
		}
		select {
		case <-changed:
		case <-m.ctx.Done():
		}
	}
	over()
}

// begin runs f; end ends it and waits for it.
func begin(ctx context.Context, f func(context.Context)) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

func (m *hand) parentEpoch() int64 {
	if row := m.board.View().Tasks[parentTask]; row.GetInstance() == m.name {
		return row.GetEpoch()
	}
	return 0
}

func (m *hand) lanesEpoch() int64 {
	if row := m.board.View().Lanes[name]; row.GetConfig() != "" {
		return row.GetEpoch()
	}
	return 0
}

// parent runs the parent API under one row.
func (m *hand) parent(ctx context.Context, epoch int64) {
	pipelines, err := m.pipelines()
	for err == nil && ctx.Err() == nil {
		api, id := m.w.config.APIs[0], connector.TransactionalID(group, name, 0)
		r := &worker.Runner{
			Task: name + "/api1", Interval: api.Interval, Pipeline: pipelines[0], Log: m.log,
			Fetcher: struckFetcher{m.source.For(api, nil), m, id}, Committer: m.committer(id), Offsets: stored{m.offsets},
			Lease: m.board.Lease(parentTask, epoch),
		}
		if r.Run(ctx) == nil { // stopped, or lost to another member
			return
		}
		sleep(ctx, time.Second) // as auto.restart.on.user.error would
	}
}

// committer is the product's, and notes who claims what.
func (m *hand) committer(id string) worker.Committer {
	return claimant{m.cluster.Transactor(id, nil), m, id}
}

type claimant struct {
	*kafka.Transactor
	m  *hand
	id string
}

func (c claimant) Claim(ctx context.Context) error {
	c.m.w.mu.Lock()
	c.m.w.holder[c.id] = c.m
	c.m.w.mu.Unlock()
	return c.Transactor.Claim(ctx)
}

// asker is what the product asks APIs with.
type asker interface {
	Fetch(context.Context, poll.Request) (poll.Response, error)
	Try(ctx context.Context, r poll.Request, done int) (poll.Response, error)
}

// struckFetcher is a place to strike at.
type struckFetcher struct {
	asker
	m  *hand
	id string
}

func (f struckFetcher) Fetch(ctx context.Context, r poll.Request) (poll.Response, error) {
	f.strike(ctx)
	return f.asker.Fetch(ctx, r)
}

func (f struckFetcher) Try(ctx context.Context, r poll.Request, done int) (poll.Response, error) {
	f.strike(ctx)
	return f.asker.Try(ctx, r, done)
}

func (f struckFetcher) strike(ctx context.Context) {
	delay, _ := f.m.w.spring(chainCall{step: "http", id: f.id, by: f.m})
	sleep(ctx, delay)
}

func (m *hand) wires() []*wire { return []*wire{m.wire, m.tail} }

// kill ends the member as kill -9 does: nothing that is under way arrives any more, and nothing more is sent.
func (m *hand) kill() {
	m.gone.Store(true)
	for _, w := range m.wires() {
		w.sever()
	}
	m.cancel()
}

// hold stops all of its network, release lets it go.
func (m *hand) hold() {
	for _, w := range m.wires() {
		w.hold()
	}
}

func (m *hand) release() {
	for _, w := range m.wires() {
		w.release()
	}
}

// leave ends it as SIGTERM does: its lanes go to the others first.
func (m *hand) leave() {
	m.gone.Store(true)
	ctx, cancel := context.WithTimeout(m.ctx, 20*time.Second)
	defer cancel()
	if c := m.crew.Load(); c != nil {
		c.group.Close()
		c.Left(ctx)
	}
	m.stop()
}

// stop ends it at once, in order.
func (m *hand) stop() {
	m.gone.Store(true)
	m.release()
	m.cancel()
}

// wait returns when nothing of it is left.
func (m *hand) wait() {
	m.done.Wait()
	for _, w := range m.wires() {
		w.sever()
		w.wait()
	}
}
