package build

import (
	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/convert"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// pipelines are those of all APIs of a connector, in order.
func (b *Builder) pipelines(c connector.Config, limits kafka.Limits) ([]*pipeline.Pipeline, error) {
	machines := make([]*poll.Machine, len(c.APIs))
	urls := make([]string, len(c.APIs))
	for i, a := range c.APIs {
		m, err := poll.New(c.BaseURL, a)
		if err != nil {
			return nil, err
		}
		machines[i], urls[i] = m, m.URL()
	}
	fits := func(child int, values map[string]string) error {
		return machines[child-1].Fits(values)
	}
	partitions, queue := offsets.Partitions(c.Name, urls), chaining.Topic(c.Name)
	out := make([]*pipeline.Pipeline, len(c.APIs))
	for i, a := range c.APIs {
		plan, err := chaining.NewPlanner(c, a.N, fits)
		if err != nil {
			return nil, err
		}
		out[i] = &pipeline.Pipeline{
			Config: c, API: a, Machine: machines[i], Converter: convert.JSON{}, Partition: partitions[i],
			OffsetsTopic: b.Settings.Offsets.Name, Limit: limits.Of(a.Topic), ErrorLimit: limits.Of(c.ErrorTopic),
			Plan: plan, Queue: queue, QueueLimit: limits.Of(queue),
		}
		if a.Child {
			out[i].OffsetsTopic = ""
		}
	}
	return out, nil
}
