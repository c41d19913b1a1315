package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/validate"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker"
	"github.com/headwater/headwater/worker/source"
)

// tables opens the one reader that each internal topic has in this process.
func (m *member) tables(context.Context) (err error) {
	s := m.options.settings
	if m.offsets, err = m.cluster.OpenTable(s.Offsets.Name, nil); err != nil {
		return err
	}
	m.onStop(m.offsets.Close)
	if m.rows, err = m.cluster.OpenTable(assignments(s), nil); err != nil {
		return err
	}
	m.onStop(m.rows.Close)
	return nil
}

// rooms puts herder, worker and REST API together.
func (m *member) rooms(ctx context.Context) (err error) {
	s, reg := m.options.settings, prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.leader = coordinator.NewStatic(workerID(s), assignments(s), m.rows, m.cluster.Transactor("connect-cluster-"+s.GroupID, nil))
	store := offsets.Store{Table: m.offsets}
	b := &builder{
		options: m.options, cluster: m.cluster, leases: m.leader, store: store,
		metrics: worker.NewMetrics(reg), source: source.NewMetrics(reg), log: m.log,
	}
	m.running = &worker.Worker{Prepare: b.prepare, Log: m.log}
	m.herder = coordinator.NewHerder(coordinator.HerderConfig{
		GroupID: s.GroupID, Topic: configs.Topic(s.Config.Name), Leader: m.leader, Parse: b.parse,
		Synced: func(ctx context.Context) error { return m.configs.Sync(ctx) },
		Fence:  m.cluster.Fence, Apply: m.running.Apply, Log: m.log,
	})
	m.configs, err = m.cluster.OpenTable(s.Config.Name, func(offset int64, r record.Message) { m.herder.Read(offset, r) })
	if err != nil {
		return err
	}
	m.onStop(m.configs.Close)
	check := func(config map[string]string) error {
		_, _, err := b.check(config)
		return err
	}
	return m.rest(ctx, view{herder: m.herder, worker: m.running, store: store, id: workerID(s)}, check, reg)
}

func (m *member) rest(ctx context.Context, v view, check func(map[string]string) error, reg *prometheus.Registry) (err error) {
	id := m.cluster.ID(ctx)
	m.server, err = api.New(api.Options{
		Listener: m.options.settings.Listener, Version: Version, Reader: v, Writer: v, Lifecycle: v, Offsets: v,
		Validator: validate.Connector{Parse: check},
		Mask:      connector.Mask, Metrics: promhttp.HandlerFor(reg, promhttp.HandlerOpts{}), Log: m.log,
		ClusterID: func() string { return id },
		Plugins: []api.Plugin{{
			Class: "HttpSourceV2", Type: "source", Version: Version,
			Aliases: []string{"io.confluent.connect.http.source.GenericHttpSourceConnector"},
		}},
		Health: func(context.Context) (api.Stage, error) { return *m.stage.Load(), nil },
	})
	return err
}

// listen opens the REST API, once this worker leads: a change that came before would find another leader's row.
func (m *member) listen(ctx context.Context) error {
	if err := m.server.Start(ctx); err != nil {
		return err
	}
	m.onStop(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = m.server.Stop(ctx)
	})
	return nil
}
