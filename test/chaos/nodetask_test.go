package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/convert"
	"github.com/headwater/headwater/worker/pipeline/poll"
	"github.com/headwater/headwater/worker/source"
)

// prepare puts a task together; its topics are there.
func (n *node) prepare(ctx context.Context, want coordinator.Want) (worker.Task, error) {
	sleep(ctx, time.Duration(n.slow.Load()))
	c, task := want.Config, worker.Task{}
	client, err := source.New(source.Config{Connector: c, Dial: n.web.dial, Log: n.log})
	if err != nil {
		return task, err
	}
	context.AfterFunc(ctx, client.Close)
	machines, urls := make([]*poll.Machine, len(c.APIs)), make([]string, len(c.APIs))
	for i, a := range c.APIs {
		if machines[i], err = poll.New(c.BaseURL, a); err != nil {
			return task, err
		}
		urls[i] = machines[i].URL()
	}
	parts := offsets.Partitions(c.Name, urls)
	for i, a := range c.APIs {
		if !slices.Contains(connector.Tasks(c)[want.Task.N].APIs, a.N) {
			continue
		}
		id := connector.TransactionalID(group, c.Name, a.N-1)
		task.Runners = append(task.Runners, &worker.Runner{
			Task: fmt.Sprintf("%s/api%d", c.Name, a.N), Interval: a.Interval,
			Pipeline: &pipeline.Pipeline{
				Config: c, API: a, Machine: machines[i], Converter: convert.JSON{}, Partition: parts[i],
				OffsetsTopic: offsetTopic, Limit: kafka.DefaultMaxMessageBytes, ErrorLimit: kafka.DefaultMaxMessageBytes,
			},
			Fetcher: fetcher{client.For(a, nil), n, urls[i], id}, Committer: held{n.cluster.Transactor(id, nil), n, id},
			Offsets: offsets.Store{Table: n.offsets}, Lease: n.board.Lease(want.Task, want.Epoch), Log: n.log,
		})
	}
	return task, nil
}

// fetcher notes who polls what and when, and is a place to strike at.
type fetcher struct {
	worker.Fetcher
	n       *node
	url, id string
}

func (p fetcher) Fetch(ctx context.Context, r poll.Request) (poll.Response, error) {
	p.n.f.trail.polled(p.n, p.url)
	delay, _ := p.n.f.spring(call{step: "http", id: p.id, by: p.n})
	sleep(ctx, delay)
	return p.Fetcher.Fetch(ctx, r)
}

// held notes who claims what, and what it is refused.
type held struct {
	*kafka.Transactor
	n  *node
	id string
}

func (h held) Claim(ctx context.Context) error {
	h.n.f.mu.Lock()
	h.n.f.holder[h.id] = h.n
	h.n.f.mu.Unlock()
	return h.Transactor.Claim(ctx)
}

func (h held) Commit(ctx context.Context, batches []record.Batch) error {
	err := h.Transactor.Commit(ctx, batches)
	if fault.KindOf(err) == fault.Fenced && err != nil {
		h.n.f.trail.fenced(h.n, h.id)
	}
	return err
}
