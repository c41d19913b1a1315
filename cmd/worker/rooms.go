package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/cmd/worker/build"
	"github.com/headwater/headwater/cmd/worker/view"
	"github.com/headwater/headwater/cmd/worker/view/queue"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/reporter"
	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/internal/api/loggers"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker"
	"github.com/headwater/headwater/worker/meter"
	"github.com/headwater/headwater/worker/source"
	"github.com/headwater/headwater/worker/source/limit"
)

// listen opens the REST API's port, so that the worker knows what others call it; nobody is answered yet.
func (m *member) listen(ctx context.Context) error {
	s := m.options.settings
	at, err := m.listener()
	if err != nil {
		return err
	}
	if m.bound, err = at.Listen(ctx); err != nil {
		return err
	}
	m.onStop(func() { _ = m.bound.Close() })
	instance := make([]byte, 8)
	if _, err := rand.Read(instance); err != nil {
		return err
	}
	address := m.bound.Addr().String()
	m.self.Name, m.self.Url = s.Name(address), s.URL(address)
	m.self.Instance, m.self.StartedUnixMs = hex.EncodeToString(instance), time.Now().UnixMilli()
	m.self.Version, m.self.Protocol, m.self.ExactlyOnce = Version, coordinator.Protocol, s.ExactlyOnce
	return nil
}

// tables opens the one reader that each internal topic has in this process.
func (m *member) tables(context.Context) (err error) {
	s := m.options.settings
	if m.offsets, err = m.open(s.Offsets.Name, nil); err != nil {
		return err
	}
	var rows, configTable *kafka.Table
	m.board = coordinator.NewBoard(m.self, func(ctx context.Context) error { return rows.Sync(ctx) }, m.log)
	if rows, err = m.open(assignments(s), m.board.Read); err != nil {
		return err
	}
	m.leader = coordinator.NewLeader(m.self, assignments(s), m.board, m.cluster.Transactor("connect-cluster-"+s.GroupID, nil), m.leads)
	m.herder = coordinator.NewHerder(coordinator.HerderConfig{
		GroupID: s.GroupID, Topic: configs.Topic(s.Config.Name), Leader: m.leader, Parse: m.parse, Warn: m.warn,
		Synced: func(ctx context.Context) error { return configTable.Sync(ctx) },
		Fence:  m.cluster.Fence, Commit: m.commit, Log: m.log,
	})
	m.loggers = loggers.New(&m.options.level, func(ctx context.Context, logger, level string) error {
		return m.herder.Say(ctx, configs.Topic(s.Config.Name).LogLevel(logger, level)...)
	})
	if configTable, err = m.open(s.Config.Name, m.readConfig); err != nil {
		return err
	}
	sender, err := m.cluster.Sender()
	if err != nil {
		return err
	}
	m.onStop(sender.Close)
	m.report = reporter.New(reporter.Config{
		Topic: status.Topic(s.Status.Name), WorkerID: view.HostOf(m.self.GetUrl()), Version: Version,
		Send: sender.Send, Log: m.log, Tracking: s.TopicTracking,
	})
	_, err = m.open(s.Status.Name, m.report.Read)
	return err
}

// readConfig takes a record of the config topic. A log level counts when it is set now, not when it is read again at a start.
func (m *member) readConfig(offset int64, r record.Message) {
	if logger, level, ok := configs.ReadLogLevel(r); ok && m.stage.Load().Ready {
		if _, err := m.loggers.SetLevel(logger, level); err != nil {
			m.log.Warn("log level not set", "logger", logger, "level", level, "err", err)
		}
	}
	m.herder.Read(offset, r)
}

func (m *member) open(topic string, read func(int64, record.Message)) (*kafka.Table, error) {
	t, err := m.cluster.OpenTable(topic, read)
	if err == nil {
		m.onStop(t.Close)
		m.tails = append(m.tails, t)
	}
	return t, err
}

// caughtUp returns when this worker knows all that stood in the internal topics: only then can it be asked.
func (m *member) caughtUp(ctx context.Context) error {
	for _, t := range m.tails {
		if err := t.Sync(ctx); err != nil {
			return err
		}
	}
	return nil
}

// leads reports whether the group gives this worker the lead.
func (m *member) leads() bool {
	g := m.group.Load()
	return g != nil && g.Leads()
}

// openItems opens the store of work items when it is first needed; most workers never need it. Where a process of the same name has the folder, one
// that stands still or another cluster's, it takes one of its own.
func (m *member) openItems() (*items.Store, error) {
	m.opening.Lock()
	defer m.opening.Unlock()
	if store := m.store.Load(); store != nil {
		return store, nil
	}
	dir := m.options.settings.WorkDir
	if dir == "" {
		dir = os.TempDir()
	}
	config := items.Config{Dir: filepath.Join(dir, "headwater-"+url.PathEscape(m.self.GetName())), Log: m.log}
	store, err := items.Open(config)
	if errors.Is(err, items.ErrInUse) {
		config.Dir += "-" + m.self.GetInstance()
		store, err = items.Open(config)
	}
	if err == nil {
		m.store.Store(store)
	}
	return store, err
}

// closeItems closes the store of work items, if there is one.
func (m *member) closeItems() {
	if store := m.store.Load(); store != nil {
		if err := store.Close(); err != nil {
			m.log.Warn("work items not thrown away", "err", err)
		}
	}
}

// commit writes messages under a transactional id that is taken from whoever has it.
func (m *member) commit(ctx context.Context, id string, messages []record.Message) error {
	t := m.cluster.Transactor(id, nil)
	if err := t.Claim(ctx); err != nil {
		return err
	}
	defer t.Close()
	return t.Commit(ctx, []record.Batch{{Messages: record.Each(messages...)}})
}

// rooms puts the worker's rooms together.
func (m *member) rooms(context.Context) error {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.metrics = reg
	m.forwarder()
	m.limits = &limit.Limits{Tell: m.tellLimit}
	b := &build.Builder{
		Settings: m.options.settings, Cluster: m.cluster, Board: m.board, Topics: build.NewTopics(m.admin), Store: offsets.Store{Table: m.offsets},
		Metrics: meter.NewMetrics(reg), Source: source.NewMetrics(reg), Limits: m.limits, Log: m.log,
		Instance: coordinator.Manning(m.self), Items: m.openItems,
	}
	m.queues = &build.Crews{Log: m.log, Start: func(ctx context.Context, want coordinator.WantLanes) (*build.Crew, error) {
		return b.Crew(ctx, want, func(api int, err error) { m.laneFailed(want.Config, want.Epoch, api, err) })
	}}
	m.build = b
	queue.NewMetrics(reg, m.allLanes)
	m.running = &worker.Worker{Prepare: b.Prepare, Changed: m.taskChanged, Stopped: m.taskStopped, Log: m.log}
	return nil
}
