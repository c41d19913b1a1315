// Package build makes tasks and lanes out of connectors' configurations: every door that they need is put in here.
package build

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/settings"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker"
	"github.com/headwater/headwater/worker/source"
	"github.com/headwater/headwater/worker/source/egress"
	"github.com/headwater/headwater/worker/source/limit"
)

// Builder makes a connector's tasks and lanes out of its configuration.
type Builder struct {
	Settings settings.Settings
	Cluster  *kafka.Cluster
	Board    *coordinator.Board
	Topics   *Topics
	Store    offsets.Store
	Metrics  *worker.Metrics
	Source   *source.Metrics
	Limits   *limit.Limits
	Items    func() (*items.Store, error) // opened when it is first asked for
	Log      *slog.Logger
	// Instance is this process's name in the groups of work queues.
	Instance string
}

// Prepare checks the topics and puts a task together; nothing is claimed yet.
func (b *Builder) Prepare(ctx context.Context, want coordinator.Want) (worker.Task, error) {
	c := want.Config
	limits, err := b.limits(ctx, c, APIsOf(want))
	if err != nil {
		return worker.Task{}, err
	}
	client, err := b.client(ctx, c)
	if err != nil {
		return worker.Task{}, err
	}
	task, err := b.task(want, client, limits)
	if err != nil {
		return worker.Task{}, &fault.Error{Op: "start connector " + c.Name, Err: err}
	}
	return task, nil
}

// client asks the connector's APIs until ctx ends.
func (b *Builder) client(ctx context.Context, c connector.Config) (*source.Client, error) {
	egress := egress.New(egress.Policy{Strict: b.Settings.Egress.Strict, Allowed: b.Settings.Egress.Allowed})
	client, err := source.New(source.Config{
		Connector: c, Log: b.Log, Metrics: b.Source, Limits: b.Limits, Dial: egress.DialContext,
	})
	if err == nil {
		context.AfterFunc(ctx, client.Close)
	}
	return client, err
}

// limits creates the topics of these APIs where they are missing and asks how large a message may be.
func (b *Builder) limits(ctx context.Context, c connector.Config, apis []connector.API) (kafka.Limits, error) {
	limits := kafka.Limits{}
	wanted := []kafka.Topic{{Name: c.ErrorTopic, Property: "reporter.error.topic.name", Partitions: 1, Replication: -1}}
	for _, a := range apis {
		wanted = append(wanted, kafka.Topic{Name: a.Topic, Property: fmt.Sprintf("api%d.topics", a.N), Partitions: -1, Replication: -1})
	}
	if c.Chained() {
		wanted = append(wanted, b.queue(c))
	}
	for _, t := range wanted {
		if t.Name == b.Settings.Offsets.Name {
			return nil, &fault.Error{
				Op: "check topic " + t.Name, Err: errors.New("it is the offsets topic"), Hint: "name another topic in " + t.Property,
			}
		}
		limit, err := b.Topics.ensure(ctx, t)
		if err != nil {
			return nil, err
		}
		limits[t.Name] = limit
	}
	return limits, nil
}

// task makes the runners of the task's APIs. Child APIs have none: the lanes of the work queue do their work.
func (b *Builder) task(want coordinator.Want, client *source.Client, limits kafka.Limits) (worker.Task, error) {
	c := want.Config
	pipelines, err := b.pipelines(c, limits)
	if err != nil {
		return worker.Task{}, err
	}
	task := worker.Task{}
	for _, a := range APIsOf(want) {
		if a.Child {
			continue
		}
		runner := &worker.Runner{
			Task: fmt.Sprintf("%s/api%d", c.Name, a.N), Interval: a.Interval, Pipeline: pipelines[a.N-1],
			Committer: b.committer(connector.TransactionalID(b.Settings.GroupID, c.Name, a.N-1), limits), Offsets: b.Store,
			Lease: b.Board.Lease(want.Task, want.Epoch), Metrics: b.Metrics, Log: b.Log,
		}
		runner.Fetcher = client.For(a, runner.Waits)
		task.Runners = append(task.Runners, runner)
	}
	task.Idle = len(task.Runners) == 0
	return task, nil
}

func (b *Builder) committer(id string, limits kafka.Limits) worker.Committer {
	if !b.Settings.ExactlyOnce {
		return b.Cluster.Producer(limits)
	}
	return b.Cluster.Transactor(id, limits)
}

// APIsOf are the APIs of a task.
func APIsOf(want coordinator.Want) []connector.API {
	var out []connector.API
	for _, a := range want.Config.APIs {
		if slices.Contains(connector.Tasks(want.Config)[want.Task.N].APIs, a.N) {
			out = append(out, a)
		}
	}
	return out
}
