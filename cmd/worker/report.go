package main

import (
	"context"
	"time"

	"github.com/headwater/headwater/cmd/worker/build"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/worker"
)

// taskChanged puts a task's state into the status topic, for eyes.
func (m *member) taskChanged(want coordinator.Want, state worker.State, trace string) {
	_, tasks := m.report.Status(want.Task.Connector)
	generation, shown := above(want.Epoch, tasks[want.Task.N]), status.State(state)
	if state == worker.Unassigned {
		generation++ // Connect's readers pass over one that is not newer than the RUNNING before it
		if c, _ := m.herder.Connector(want.Task.Connector); c.Target == configs.Paused {
			shown = status.Paused // that is why it ended
		}
	}
	m.report.Task(want.Task.Connector, want.Task.N, shown, trace, generation)
	if state == worker.Running {
		for _, a := range build.APIsOf(want) {
			m.report.Uses(a.Topic, want.Task.Connector, want.Task.N, time.Now())
		}
	}
}

// above is the generation of a report of this epoch. A real Connect worker may have counted further than we have, and a
// report that seems older than the one before it would be passed over.
func above(epoch int64, known status.Status) int64 { return max(epoch, known.Generation) }

// taskFaulty shows a task that is ours and whose configuration cannot be used here.
func (m *member) taskFaulty(t rows.Task, epoch int64, err error) {
	_, tasks := m.report.Status(t.Connector)
	if s := tasks[t.N]; s.State != status.Failed || s.Generation < epoch {
		m.report.Task(t.Connector, t.N, status.Failed, err.Error(), above(epoch, s))
	}
}

// taskStopped tells whoever has the task next.
func (m *member) taskStopped(t rows.Task) { m.part.Load().Stopped(t) }

// reportConnectors keeps the states of connectors and of paused tasks in the status topic. The leader writes those of
// connectors, each worker those of the tasks that it keeps a place for.
func (m *member) reportConnectors(ctx context.Context) error {
	var known []string
	for ctx.Err() == nil {
		board, herder, group := m.board.Changed(), m.herder.Changed(), m.group.Load().Changed()
		names := m.herder.Names()
		view := m.board.View()
		for _, name := range names {
			m.reportConnector(name, view)
		}
		if m.leads() {
			m.reportGone(known, names)
		}
		known = names
		select {
		case <-ctx.Done():
		case <-board:
		case <-herder:
		case <-group:
		}
	}
	return nil
}

func (m *member) reportConnector(name string, view *rows.View) {
	c, known := m.herder.Connector(name)
	if !known {
		return
	}
	reported, tasks := m.report.Status(name)
	if m.leads() {
		state, trace := m.stateOf(name, c)
		if reported == nil || reported.State != state || reported.Trace != trace {
			known := status.Status{}
			if reported != nil {
				known = *reported
			}
			m.report.Connector(name, state, trace, above(view.Leader.GetEpoch(), known))
		}
		for id := range tasks {
			if id >= len(c.Tasks) {
				m.report.TaskRemoved(name, id)
			}
		}
	}
	if c.Target != configs.Paused {
		return
	}
	for id := range c.Tasks {
		row := view.Tasks[coordinator.Task(name, id)]
		mine := row.GetWorker() == m.self.GetName() && row.GetInstance() == m.self.GetInstance()
		if s, ok := tasks[id]; mine && (!ok || s.State != status.Paused) {
			m.report.Task(name, id, status.Paused, "", row.GetEpoch())
		}
	}
}

// stateOf is the state of the connector itself: what is wanted of it, or FAILED when nobody could start it.
func (m *member) stateOf(name string, c configs.Connector) (status.State, string) {
	switch c.Target {
	case configs.Stopped:
		return status.Stopped, ""
	case configs.Paused:
		return status.Paused, ""
	}
	if err := m.herder.Usable(name, c); err != nil {
		return status.Failed, err.Error()
	}
	return status.Running, ""
}

// reportGone forgets connectors that were deleted.
func (m *member) reportGone(before, now []string) {
	there := map[string]bool{}
	for _, name := range now {
		there[name] = true
	}
	for _, name := range before {
		if there[name] {
			continue
		}
		_, tasks := m.report.Status(name)
		var ids []int
		for id := range tasks {
			ids = append(ids, id)
		}
		m.report.Removed(name, ids)
	}
}
