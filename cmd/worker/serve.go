package main

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/cmd/worker/build"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/reporter"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/access"
	"github.com/headwater/headwater/internal/api/forward"
	"github.com/headwater/headwater/internal/api/listener"
	"github.com/headwater/headwater/internal/api/loggers"
	"github.com/headwater/headwater/internal/dev"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/settings"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker"
	"github.com/headwater/headwater/worker/source/limit"
)

// startTimeout is how long the worker waits for Kafka when it starts.
const startTimeout = time.Minute

// member is the running worker. undo holds what must be stopped, in the order in which it was started.
type member struct {
	options *options
	log     *slog.Logger
	self    *headwaterv1.Member // what it says about itself; complete once it listens
	bound   net.Listener        // of the REST API
	cluster *kafka.Cluster
	admin   *kafka.Admin
	offsets *kafka.Table
	tails   []*kafka.Table // of all internal topics
	board   *coordinator.Board
	leader  *coordinator.Leader
	herder  *coordinator.Herder
	part    atomic.Pointer[coordinator.Member] // in the cluster
	running *worker.Worker
	build   *build.Builder
	queues  *build.Crews
	opening sync.Mutex                  // held while store is opened
	store   atomic.Pointer[items.Store] // of work items; nil until a connector has some
	loggers *loggers.Levels
	report  *reporter.Reporter
	access  *access.Access // who may call the REST API
	https   *listener.TLS  // its certificate; nil: none
	forward *forward.Forwarder
	server  *api.Server
	metrics *prometheus.Registry
	limits  *limit.Limits           // set by APIs, here or on other workers
	limited chan *headwaterv1.Limit // to be told to the others
	group   atomic.Pointer[kafka.Group]
	gossip  *gossip.Gossip
	stage   atomic.Pointer[api.Stage]
	undo    []func()
}

// serve starts everything in the order in which it is needed, runs until ctx ends, and stops in the reverse order.
func serve(ctx context.Context, o *options, log *slog.Logger) error {
	m := &member{options: o, log: log, self: &headwaterv1.Member{}, limited: make(chan *headwaterv1.Limit, 16)}
	for _, w := range o.warnings {
		log.Warn("worker configuration", "warning", w)
	}
	m.stage.Store(&api.Stage{Detail: "reading the internal topics"})
	defer m.stop()
	for _, step := range []func(context.Context) error{
		m.broker, m.connect, m.listen, m.topics, m.tables, m.rooms, m.join, m.rest,
	} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return nil // told to stop while starting
			}
			return err
		}
	}
	return m.run(ctx)
}

func (m *member) onStop(f func()) { m.undo = append(m.undo, f) }

func (m *member) stop() {
	for i := len(m.undo) - 1; i >= 0; i-- {
		m.undo[i]()
	}
}

// broker starts the development broker, which must outlive everything that talks to it.
func (m *member) broker(context.Context) error {
	if !m.options.dev {
		return nil
	}
	b, err := dev.Start(dev.Config{Dir: m.options.dataDir, Listen: m.options.devListen, Log: m.log})
	if err != nil {
		return err
	}
	m.onStop(func() { _ = b.Close() })
	s := &m.options.settings
	s.Bootstrap, s.Security = []string{b.Bootstrap()}, settings.Security{}
	s.Config.Replication, s.Offsets.Replication, s.Status.Replication = 1, 1, 1
	m.log.Info("development broker started", "bootstrap", b.Bootstrap(), "data", m.options.dataDir)
	return nil
}

// connect waits for Kafka, but not for ever.
func (m *member) connect(ctx context.Context) error {
	s := m.options.settings
	tls, err := tlsConfig(s.Security.TLS)
	if err != nil {
		return &inputError{err}
	}
	c := kafka.Config{Seeds: s.Bootstrap, ClientID: s.ClientID, TLS: tls, TransactionTimeout: s.TransactionTimeout}
	if sasl := s.Security.SASL; sasl != nil {
		c.SASL = &kafka.SASL{Mechanism: sasl.Mechanism, User: sasl.User, Password: sasl.Password.Reveal()}
	}
	if m.cluster, err = kafka.NewCluster(c); err != nil {
		return err
	}
	if m.admin, err = m.cluster.Admin(); err != nil {
		return err
	}
	m.onStop(m.admin.Close)
	m.log.Info("connecting to Kafka", "bootstrap", s.Bootstrap, "for_at_most", startTimeout)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return m.cluster.Ping(ctx)
}

// topics creates and checks the internal topics.
func (m *member) topics(ctx context.Context) error {
	s := m.options.settings
	for _, t := range []kafka.Topic{
		{Name: s.Config.Name, Property: "config.storage.topic", Partitions: 1, Replication: s.Config.Replication, Fixed: true},
		{Name: s.Offsets.Name, Property: "offset.storage.topic", Partitions: s.Offsets.Partitions, Replication: s.Offsets.Replication, Settings: build.InternalSettings},
		{Name: s.Status.Name, Property: "status.storage.topic", Partitions: s.Status.Partitions, Replication: s.Status.Replication, Settings: build.InternalSettings},
		{Name: assignments(s), Property: "group.id", Partitions: 1, Replication: s.Config.Replication, Fixed: true},
	} {
		t.Compacted = true
		if err := m.admin.Ensure(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func assignments(s settings.Settings) string { return s.GroupID + "-assignments" }
