package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

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
	board   *coordinator.Board
	topics  *topics
	store   offsets.Store
	metrics *worker.Metrics
	source  *source.Metrics
	paced   *source.Limits
	log     *slog.Logger
}

// parse resolves provider references and checks the configuration.
func (m *member) parse(properties map[string]string) (connector.Config, error) {
	c, _, err := m.check(properties)
	return c, err
}

// warn logs what is odd about a configuration.
func (m *member) warn(properties map[string]string) {
	_, warnings, _ := m.check(properties)
	for _, w := range warnings {
		m.log.Warn("connector configuration", "connector", properties["name"], "warning", w)
	}
}

// check is parse, and says what is odd about the configuration.
func (m *member) check(properties map[string]string) (connector.Config, []connector.Warning, error) {
	p := m.options.providers
	resolved, err := reference.Resolve(properties, p.Names(), p.Lookup)
	if err != nil {
		return connector.Config{}, nil, err
	}
	return connector.ParseResolved(properties, resolved)
}

// prepare checks the topics and puts a task together; nothing is claimed yet.
func (b *builder) prepare(ctx context.Context, want coordinator.Want) (worker.Task, error) {
	c := want.Config
	limits, err := b.limits(ctx, want)
	if err != nil {
		return worker.Task{}, err
	}
	client, err := source.New(source.Config{
		Connector: c, Log: b.log, Metrics: b.source, Limits: b.paced,
		Dial: egress.New(egress.Policy{Strict: b.options.settings.Egress.Strict, Allowed: b.options.settings.Egress.Allowed}).DialContext,
	})
	if err != nil {
		return worker.Task{}, err
	}
	context.AfterFunc(ctx, client.Close)
	task, err := b.task(want, client, limits)
	if err != nil {
		return worker.Task{}, &fault.Error{Op: "start connector " + c.Name, Err: err}
	}
	return task, nil
}

// limits creates the task's topics where they are missing and asks how large a message may be.
func (b *builder) limits(ctx context.Context, want coordinator.Want) (kafka.Limits, error) {
	c, limits := want.Config, kafka.Limits{}
	wanted := []kafka.Topic{{Name: c.ErrorTopic, Property: "reporter.error.topic.name", Partitions: 1, Replication: -1}}
	for _, a := range apisOf(want) {
		wanted = append(wanted, kafka.Topic{Name: a.Topic, Property: fmt.Sprintf("api%d.topics", a.N), Partitions: -1, Replication: -1})
	}
	for _, t := range wanted {
		if t.Name == b.options.settings.Offsets.Name {
			return nil, &fault.Error{
				Op: "check topic " + t.Name, Err: errors.New("it is the offsets topic"), Hint: "name another topic in " + t.Property,
			}
		}
		limit, err := b.topics.ensure(ctx, t)
		if err != nil {
			return nil, err
		}
		limits[t.Name] = limit
	}
	return limits, nil
}

// task makes the runners of the task's APIs.
func (b *builder) task(want coordinator.Want, client *source.Client, limits kafka.Limits) (worker.Task, error) {
	c, task, apis := want.Config, worker.Task{}, connector.Tasks(want.Config)[want.Task.N].APIs
	machines := make([]*poll.Machine, len(c.APIs))
	urls := make([]string, len(c.APIs))
	for i, a := range c.APIs {
		m, err := poll.New(c.BaseURL, a)
		if err != nil {
			return task, err
		}
		machines[i], urls[i] = m, m.URL()
	}
	partitions := offsets.Partitions(c.Name, urls)
	for i, a := range c.APIs {
		if !slices.Contains(apis, a.N) {
			continue
		}
		runner := &worker.Runner{
			Task: fmt.Sprintf("%s/api%d", c.Name, a.N), Interval: a.Interval,
			Pipeline: &pipeline.Pipeline{
				Config: c, API: a, Machine: machines[i], Converter: convert.JSON{}, Partition: partitions[i],
				OffsetsTopic: b.options.settings.Offsets.Name, Limit: limits.Of(a.Topic), ErrorLimit: limits.Of(c.ErrorTopic),
			},
			Committer: b.committer(c, a, limits), Offsets: b.store,
			Lease: b.board.Lease(want.Task, want.Epoch), Metrics: b.metrics, Log: b.log,
		}
		runner.Fetcher = client.For(a, runner.Waits)
		task.Runners = append(task.Runners, runner)
	}
	return task, nil
}

func (b *builder) committer(c connector.Config, a connector.API, limits kafka.Limits) worker.Committer {
	if !b.options.settings.ExactlyOnce {
		return b.cluster.Producer(limits)
	}
	return b.cluster.Transactor(connector.TransactionalID(b.options.settings.GroupID, c.Name, a.N-1), limits)
}
