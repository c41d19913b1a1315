package main

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/load"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// received passes on another worker's word. One that comes before this worker takes part cannot be for it.
func (m *member) received(word proto.Message) {
	if l, ok := word.(*headwaterv1.Limit); ok {
		m.limits.Hold(l.GetConnector(), time.Duration(min(l.GetWaitMs(), time.Hour.Milliseconds()))*time.Millisecond)
		return
	}
	if p := m.part.Load(); p != nil {
		p.Received(word)
	}
}

// reportLoad tells the leader how many records a second each task here commits, and all how many the worker does.
func (m *member) reportLoad(ctx context.Context) error {
	if m.gossip == nil {
		return nil
	}
	tick := time.NewTicker(load.Every)
	defer tick.Stop()
	for last := m.running.Records(); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now, sum := m.running.Records(), 0.0
		var tasks []*headwaterv1.TaskLoad
		for t, n := range now {
			records := float64(max(n-last[t], 0)) / load.Every.Seconds()
			tasks = append(tasks, &headwaterv1.TaskLoad{Connector: t.Connector, Task: int32(t.N), Records: records})
			sum += records
		}
		m.gossip.Update(func(self *headwaterv1.Member) { self.Load = sum })
		m.part.Load().Report(tasks)
		last = now
	}
}

// tellLimit is called when an API has set a limit. It does not block: with more than a few untold ones, the others find
// out by themselves.
func (m *member) tellLimit(connector string, wait time.Duration) {
	select {
	case m.limited <- &headwaterv1.Limit{Connector: connector, WaitMs: wait.Milliseconds()}:
	default:
	}
}

// tellLimits passes limits on to all workers, so that those with other APIs of the connector slow down too.
func (m *member) tellLimits(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case limit := <-m.limited:
			m.tellAll(limit)
		}
	}
}

func (m *member) tellAll(limit *headwaterv1.Limit) {
	if m.gossip == nil {
		return
	}
	for _, p := range m.gossip.Peers() {
		if p.State != gossip.Alive || p.Member.GetInstance() == m.self.GetInstance() {
			continue
		}
		if err := m.gossip.Tell(p.Member.GetName(), limit); err != nil {
			m.log.Debug("worker not told of a limit", "worker", p.Member.GetName(), "connector", limit.GetConnector(), "err", err)
		}
	}
}
