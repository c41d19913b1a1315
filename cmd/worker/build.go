package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/reference"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/convert"
	"github.com/headwater/headwater/worker/pipeline/poll"
	"github.com/headwater/headwater/worker/source"
	"github.com/headwater/headwater/worker/source/egress"
)

// builder makes a connector's tasks out of its configuration.
type builder struct {
	options *options
	cluster *kafka.Cluster
	leases  worker.Leases
	store   offsets.Store
	metrics *worker.Metrics
	source  *source.Metrics
	log     *slog.Logger
}

// parse resolves provider references, checks the configuration and logs what is odd about it.
func (b *builder) parse(properties map[string]string) (connector.Config, error) {
	c, warnings, err := b.check(properties)
	for _, w := range warnings {
		b.log.Warn("connector configuration", "connector", properties["name"], "warning", w)
	}
	return c, err
}

func (b *builder) check(properties map[string]string) (connector.Config, []connector.Warning, error) {
	p := b.options.providers
	resolved, err := reference.Resolve(properties, p.Names(), p.Lookup)
	if err != nil {
		return connector.Config{}, nil, err
	}
	return connector.ParseResolved(properties, resolved)
}

// prepare checks the topics and puts the tasks together; nothing is claimed yet.
func (b *builder) prepare(ctx context.Context, c connector.Config) ([]worker.Task, error) {
	limits, err := b.topics(ctx, c)
	if err != nil {
		return nil, err
	}
	client, err := source.New(source.Config{
		Connector: c, Log: b.log, Metrics: b.source,
		Dial: egress.New(egress.Policy{Strict: b.options.settings.Egress.Strict, Allowed: b.options.settings.Egress.Allowed}).DialContext,
	})
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, client.Close)
	runners, err := b.runners(c, client, limits)
	if err != nil {
		return nil, &fault.Error{Op: "start connector " + c.Name, Err: err}
	}
	var tasks []worker.Task
	for i, t := range connector.Tasks(c) {
		task := worker.Task{ID: i}
		for _, n := range t.APIs {
			task.Runners = append(task.Runners, runners[n])
		}
		tasks = append(tasks, task)
	}
	return tasks, nil
}

// topics creates what is missing and asks how large a message may be.
func (b *builder) topics(ctx context.Context, c connector.Config) (kafka.Limits, error) {
	admin, err := b.cluster.Admin()
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	wanted := []kafka.Topic{{Name: c.ErrorTopic, Property: "reporter.error.topic.name", Partitions: 1, Replication: -1}}
	for _, a := range c.APIs {
		wanted = append(wanted, kafka.Topic{Name: a.Topic, Property: "apiN.topics", Partitions: -1, Replication: -1})
	}
	limits := kafka.Limits{}
	for _, t := range wanted {
		if t.Name == b.options.settings.Offsets.Name {
			return nil, &fault.Error{
				Op: "check topic " + t.Name, Err: errors.New("it is the offsets topic"), Hint: "name another topic in " + t.Property,
			}
		}
		if err := admin.Ensure(ctx, t); err != nil {
			return nil, err
		}
		limits[t.Name] = admin.MaxMessageBytes(ctx, t.Name)
	}
	return limits, nil
}

// runners makes a runner for each API, by its number.
func (b *builder) runners(c connector.Config, client *source.Client, limits kafka.Limits) (map[int]*worker.Runner, error) {
	machines := make([]*poll.Machine, len(c.APIs))
	urls := make([]string, len(c.APIs))
	for i, a := range c.APIs {
		m, err := poll.New(c.BaseURL, a)
		if err != nil {
			return nil, err
		}
		machines[i], urls[i] = m, m.URL()
	}
	partitions := offsets.Partitions(c.Name, urls)
	runners := map[int]*worker.Runner{}
	for i, a := range c.APIs {
		runners[a.N] = &worker.Runner{
			Task: coordinator.TaskName(c.Name, a.N), Interval: a.Interval,
			Pipeline: &pipeline.Pipeline{
				Config: c, API: a, Machine: machines[i], Converter: convert.JSON{}, Partition: partitions[i],
				OffsetsTopic: b.options.settings.Offsets.Name, Limit: limits.Of(a.Topic), ErrorLimit: limits.Of(c.ErrorTopic),
			},
			Fetcher: client.For(a), Committer: b.committer(c, a, limits), Offsets: b.store, Leases: b.leases,
			Metrics: b.metrics, Log: b.log,
		}
	}
	return runners, nil
}

func (b *builder) committer(c connector.Config, a connector.API, limits kafka.Limits) worker.Committer {
	if !b.options.settings.ExactlyOnce {
		return b.cluster.Producer(limits)
	}
	return b.cluster.Transactor(connector.TransactionalID(b.options.settings.GroupID, c.Name, a.N-1), limits)
}
