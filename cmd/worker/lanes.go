package main

import (
	"context"
	"slices"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/internal/connector"
)

// bury takes workers that are not living out of a work queue's group, once the lanes that they had are fenced.
func (m *member) bury(ctx context.Context, name string, living map[string]bool) error {
	group := chaining.Group(name)
	of, settled, err := m.admin.LanesOf(ctx, group)
	if err != nil {
		return err
	}
	for who, lanes := range of {
		if living[who] {
			continue
		}
		m.log.Info("a worker is gone from a work queue", "gone", who, "connector", name, "lanes", len(lanes))
		var ids []string
		for lane, id := range connector.LaneIDs(m.options.settings.GroupID, name) {
			if !settled || slices.Contains(lanes, int32(lane)) { // else nobody knows which they were
				ids = append(ids, id)
			}
		}
		if len(ids) > 0 {
			if err := m.cluster.Fence(ctx, ids); err != nil {
				m.log.Warn("lanes of a lost worker are not fenced yet", "connector", name, "err", err)
			}
		}
		if err := m.admin.EvictLanes(ctx, group, who); err != nil {
			return err
		}
	}
	return nil
}

// laneFailed shows a child API that has stopped on a lane as its task's failure.
func (m *member) laneFailed(c connector.Config, epoch int64, api int, err error) {
	for n, t := range connector.Tasks(c) {
		if slices.Contains(t.APIs, api) {
			_, tasks := m.report.Status(c.Name)
			m.report.Task(c.Name, n, status.Failed, err.Error(), above(epoch, tasks[n]))
		}
	}
}
