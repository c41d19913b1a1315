package coordinator

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// chained are the connectors with a work queue that are not stopped and have tasks, with the version of their
// configuration.
func (h *Herder) chained() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[string]string{}
	for _, name := range h.state.Names() {
		if c, _ := h.state.Connector(name); name != "" && len(c.Tasks) > 0 && configs.Chained(c.Config) {
			out[name] = c.Version
		}
	}
	return out
}

// laneRows are the rows lanes/<connector> that have to change.
func (m *Member) laneRows(view *rows.View) []record.Message {
	var messages []record.Message
	wanted := m.Herder.chained()
	for name, version := range wanted {
		if view.Lanes[name].GetConfig() != version {
			messages = append(messages, m.Leader.Topic.Lanes(name, m.laneRow(version)))
		}
	}
	for name := range view.Lanes {
		if _, ok := wanted[name]; !ok {
			messages = append(messages, m.Leader.Topic.Lanes(name, nil))
		}
	}
	return messages
}

func (m *Member) laneRow(version string) *headwaterv1.Assignment {
	return &headwaterv1.Assignment{
		Epoch: m.Leader.Next(), Config: version, Reason: "connector changed", AssignedUnixMs: time.Now().UnixMilli(),
	}
}

// Manning is what a worker is called in the groups that spread lanes.
func Manning(m *headwaterv1.Member) string { return m.GetName() + "/" + m.GetInstance() }

// buryLimit bounds what a pass spends on the lanes of the dead.
const buryLimit = 5 * time.Second

// buryLanes lets the lanes of workers that are there no more be taken over at once, at a leader's first pass whoever they
// were. It hastens what the lanes' groups find out by themselves.
func (m *Member) buryLanes(ctx context.Context, view *rows.View, living map[string]Living) {
	before := m.manning
	m.manning = map[string]bool{}
	for _, l := range living {
		m.manning[Manning(l.Member)] = true
	}
	if m.Bury == nil || proof.Broken("bury-lanes") || before != nil && !missing(before, m.manning) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, buryLimit)
	defer cancel()
	for name := range view.Lanes {
		if err := m.Bury(ctx, name, m.manning); err != nil {
			m.Log.Warn("lanes of a lost worker wait for the end of its session", "connector", name, "err", err)
		}
	}
}

// missing reports whether somebody who was there before is not there now.
func missing(before, now map[string]bool) bool {
	for name := range before {
		if !now[name] {
			return true
		}
	}
	return false
}

// closeLanes is the row that lets nobody claim a lane of the connector; nil: nobody may anyway.
func (h *Herder) closeLanes(name string) []record.Message {
	row := h.Leader.Board.View().Lanes[name]
	if row.GetConfig() == "" {
		return nil
	}
	return h.moveLanes(name, row, "", "its connector changes")
}

// moveLanes gives the lanes a new epoch.
func (h *Herder) moveLanes(name string, row *headwaterv1.Assignment, config, reason string) []record.Message {
	row = proto.CloneOf(row)
	row.Config, row.Epoch, row.Reason = config, h.Leader.Next(), reason
	row.AssignedUnixMs = time.Now().UnixMilli()
	return []record.Message{h.Leader.Topic.Lanes(name, row)}
}

// laneIDs are the transactional ids of the lanes that the connector has or had, none when it never had a queue.
func (h *Herder) laneIDs(name string) []string {
	if h.Leader.Board.View().Lanes[name] == nil || proof.Broken("R16-lanes") {
		return nil
	}
	return connector.LaneIDs(h.GroupID, name)
}

// lanes are the work queues whose lanes this worker may run: those of started connectors, for the configuration that it has
// read.
func (m *Member) lanes(current map[string]WantLanes) map[string]WantLanes {
	next := map[string]WantLanes{}
	if m.silent.Load() || m.stopping.Load() {
		return next
	}
	for name, row := range m.Board.View().Lanes {
		c, known := m.Herder.Connector(name)
		if !known || c.Target != configs.Started || row.GetConfig() == "" || c.Version != row.GetConfig() {
			continue
		}
		if old, ok := current[name]; ok && old.Epoch == row.GetEpoch() {
			next[name] = old
			continue
		}
		if config, err := m.Herder.Parse(c.Config); err == nil { // else its tasks show why
			next[name] = WantLanes{Config: config, Version: c.Version, Epoch: row.GetEpoch()}
		}
	}
	return next
}
