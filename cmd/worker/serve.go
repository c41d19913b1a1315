package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/dev"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/settings"
	"github.com/headwater/headwater/worker"
)

// startTimeout is how long the worker waits for Kafka when it starts.
const startTimeout = time.Minute

// member is the running worker. undo holds what must be stopped, in the order in which it was started.
type member struct {
	options *options
	log     *slog.Logger
	cluster *kafka.Cluster
	herder  *coordinator.Herder
	leader  *coordinator.Static
	running *worker.Worker
	offsets *kafka.Table
	rows    *kafka.Table
	configs *kafka.Table
	server  *api.Server
	stage   atomic.Pointer[api.Stage]
	undo    []func()
}

// serve starts everything in the order in which it is needed, runs until ctx ends, and stops in the reverse order.
func serve(ctx context.Context, o *options, log *slog.Logger) error {
	m := &member{options: o, log: log}
	for _, w := range o.warnings {
		log.Warn("worker configuration", "warning", w)
	}
	m.stage.Store(&api.Stage{Detail: "reading the internal topics"})
	defer m.stop()
	for _, step := range []func(context.Context) error{
		m.broker, m.connect, m.topics, m.tables, m.rooms, m.lead, m.listen, m.connectors,
	} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return nil // told to stop while starting
			}
			return err
		}
	}
	m.stage.Store(&api.Stage{Ready: true})
	log.Info("ready", "rest", o.settings.Listener, "kafka", o.settings.Bootstrap, "group", o.settings.GroupID)
	select {
	case <-ctx.Done():
		log.Info("stopping")
		return nil
	case lost := <-m.leader.Lost():
		return &fault.Error{
			Op: "run group " + o.settings.GroupID, Err: lost,
			Hint: "one worker runs a group for now: give this one a group.id and topics of its own, or end the other",
		}
	}
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
	s.Config.Replication, s.Offsets.Replication = 1, 1
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
	m.log.Info("connecting to Kafka", "bootstrap", s.Bootstrap, "for_at_most", startTimeout)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return m.cluster.Ping(ctx)
}

// internalSettings make the cleaner reach the active segment, so that a restart does not read months of old offsets.
var internalSettings = map[string]string{"segment.bytes": "67108864", "max.compaction.lag.ms": "3600000"}

// topics creates and checks the internal topics.
func (m *member) topics(ctx context.Context) error {
	admin, err := m.cluster.Admin()
	if err != nil {
		return err
	}
	defer admin.Close()
	s := m.options.settings
	for _, t := range []kafka.Topic{
		{Name: s.Config.Name, Property: "config.storage.topic", Partitions: 1, Replication: s.Config.Replication, Single: true},
		{Name: s.Offsets.Name, Property: "offset.storage.topic", Partitions: s.Offsets.Partitions, Replication: s.Offsets.Replication, Settings: internalSettings},
		{Name: assignments(s), Property: "group.id", Partitions: 1, Replication: s.Config.Replication, Single: true},
	} {
		t.Compacted = true
		if err := admin.Ensure(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func assignments(s settings.Settings) string { return s.GroupID + "-assignments" }

// lead takes the lead of the group: whoever led before can write no more.
func (m *member) lead(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	m.onStop(m.leader.Close)
	return m.leader.Lead(ctx)
}

// connectors starts what the config topic holds, then what the command line names. A connector file that cannot be used
// ends the start: nobody would see it in the log.
func (m *member) connectors(ctx context.Context) error {
	m.onStop(m.running.Stop)
	if err := m.herder.Reconcile(ctx); err != nil {
		return err
	}
	for _, d := range m.options.connectors {
		if err := m.herder.Put(ctx, d.Name, d.Properties); err != nil {
			if _, ok := errors.AsType[*connector.Fault](err); ok {
				return &inputError{err}
			}
			return &fault.Error{Op: "start connector " + d.Name, Err: err}
		}
	}
	return nil
}

// workerID is how this worker is called in status and assignments.
func workerID(s settings.Settings) string {
	u, err := url.Parse(s.Listener)
	if err != nil {
		return s.Listener
	}
	return u.Host
}
