package chaos

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/convert"
	"github.com/headwater/headwater/worker/pipeline/poll"
	"github.com/headwater/headwater/worker/source"
)

// member is one worker: the product's own parts, wired as cmd/worker does it, with a wire of its own between it and
// the rest of the world.
type member struct {
	w       *world
	name    string
	wire    *wire
	cluster *kafka.Cluster
	offsets *kafka.Table
	board   *coordinator.Board
	epoch   int64 // of the rows that it wrote
	rows    *kafka.Table
	source  *source.Client
	log     *slog.Logger
	cancel  context.CancelFunc
	ctx     context.Context
	done    sync.WaitGroup
}

// verbose shows the members' logs.
var verbose = os.Getenv("HEADWATER_CHAOS_LOG") != ""

// join starts a member that takes over every API. It returns at once.
func (w *world) join() *member {
	w.mu.Lock()
	w.born++
	m := &member{w: w, name: fmt.Sprintf("worker-%d", w.born), wire: newWire(w.net.DialContext, w.cfg.seed*1000+uint64(w.born))}
	w.members = append(w.members, m)
	w.mu.Unlock()
	m.log = slog.New(slog.DiscardHandler)
	if verbose {
		m.log = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("worker", m.name)
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.done.Go(m.run)
	return m
}

// run is the member's life. A start that fails because of a strike is tried again, as whatever supervises it would.
func (m *member) run() {
	for m.ctx.Err() == nil {
		err := m.open()
		if err == nil {
			err = m.lead()
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
func (m *member) open() error {
	var err error
	m.cluster, err = kafka.NewCluster(kafka.Config{
		Seeds: m.w.cluster.ListenAddrs(), ClientID: m.name, TransactionTimeout: txnTimeout, Dial: m.wire.dial,
	})
	if err == nil {
		m.offsets, err = m.cluster.OpenTable(offsetTopic, nil)
	}
	if err == nil {
		self := &headwaterv1.Member{Name: m.name, Instance: m.name}
		m.board = coordinator.NewBoard(self, func(ctx context.Context) error { return m.rows.Sync(ctx) }, m.log)
		m.rows, err = m.cluster.OpenTable(rowTopic, m.board.Read)
	}
	if err == nil {
		m.source, err = source.New(source.Config{Connector: m.w.config, Dial: m.wire.dial, Log: m.log})
	}
	return err
}

// lead takes the lead and every task, as if the group had only this member: it writes the rows that the product's leader
// would write. Leases are the product's own.
func (m *member) lead() error {
	ctx, cancel := context.WithTimeout(m.ctx, time.Minute)
	defer cancel()
	writer := m.cluster.Transactor("connect-cluster-"+group, nil)
	defer writer.Close()
	err := writer.Claim(ctx)
	if err == nil {
		err = m.board.Sync(ctx)
	}
	if err != nil {
		return err
	}
	m.epoch = m.board.View().Leader.GetEpoch() + 1
	messages := []record.Message{rows.Topic(rowTopic).Leader(&headwaterv1.Leader{Worker: m.name, Instance: m.name, Epoch: m.epoch})}
	for n := range m.w.config.APIs {
		messages = append(messages, rows.Topic(rowTopic).Task(coordinator.Task(name, n), &headwaterv1.Assignment{
			Worker: m.name, Instance: m.name, Epoch: m.epoch,
		}))
	}
	return writer.Commit(ctx, []record.Batch{{Messages: record.Each(messages...)}})
}

// close lets go of everything, whatever there is of it.
func (m *member) close() {
	for _, t := range []*kafka.Table{m.offsets, m.rows} {
		if t != nil {
			t.Close()
		}
	}
	if m.source != nil {
		m.source.Close()
	}
	m.offsets, m.rows, m.source = nil, nil, nil
}

// work runs every API until the end. One that fails is started again after a while, as a person or
// auto.restart.on.user.error would.
func (m *member) work() {
	var all sync.WaitGroup
	for i, api := range m.w.config.APIs {
		all.Go(func() {
			for m.ctx.Err() == nil {
				r, err := m.runner(i, api)
				if err == nil {
					err = r.Run(m.ctx)
				}
				if err == nil { // stopped, or lost to another member
					return
				}
				sleep(m.ctx, time.Second)
			}
		})
	}
	all.Wait()
	if m.ctx.Err() == nil {
		m.log.Info("everything belongs to another member")
		<-m.ctx.Done()
	}
}

// runner makes the product's loop for one API.
func (m *member) runner(i int, api connector.API) (*worker.Runner, error) {
	machine, err := poll.New(m.w.config.BaseURL, api)
	if err != nil {
		return nil, err
	}
	part := offsets.Partition{Connector: name, URL: machine.URL()}
	return &worker.Runner{
		Task: fmt.Sprintf("%s/api%d", name, api.N), Interval: api.Interval,
		Pipeline: &pipeline.Pipeline{
			Config: m.w.config, API: api, Machine: machine, Converter: convert.JSON{}, Partition: part,
			OffsetsTopic: offsetTopic, Limit: kafka.DefaultMaxMessageBytes, ErrorLimit: kafka.DefaultMaxMessageBytes,
		},
		Fetcher:   m.source.For(api, nil),
		Committer: m.cluster.Transactor(connector.TransactionalID(group, name, i), nil),
		Offsets:   stored{m.offsets}, Lease: m.board.Lease(coordinator.Task(name, i), m.epoch), Log: m.log,
	}, nil
}

// stored reads offsets from the table.
type stored struct{ table *kafka.Table }

// Load implements worker.Offsets.
func (s stored) Load(ctx context.Context, p offsets.Partition) (*offsets.Offset, error) {
	key := offsets.Key(p)
	if err := s.table.SyncKey(ctx, key); err != nil {
		return nil, err
	}
	value, ok := s.table.Get(key)
	if !ok {
		return nil, nil
	}
	o, err := offsets.Decode(value)
	return &o, err
}

// kill ends the member as kill -9 does: nothing that is under way arrives any more, and nothing more is sent.
func (m *member) kill() {
	m.wire.sever()
	m.cancel()
}

// stop ends it in order.
func (m *member) stop() {
	m.wire.release()
	m.cancel()
}

// wait returns when nothing of it is left.
func (m *member) wait() {
	m.done.Wait()
	m.wire.sever()
	m.wire.wait()
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
