package coordinator

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/plan"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// keyTTL is how long a session key is used (Connect's inter.worker.key.ttl.ms).
const keyTTL = time.Hour

// pass makes the rows what they should be: who lives, who has what, who should; fence what was lost; write what changed.
func (m *Member) pass(ctx context.Context) error {
	living, err := m.alive(ctx)
	if err != nil {
		return err
	}
	if err := m.Herder.repair(ctx); err != nil {
		return err
	}
	if err := m.renewKey(ctx); err != nil {
		return err
	}
	duties := m.Herder.duties()
	if err := m.quiesceStale(ctx, duties); err != nil {
		return err
	}
	view := m.Board.View()
	m.loads.Weigh(m.input(view, living, duties, nil, nil), time.Now())
	moves := plan.Assign(m.input(view, living, duties, nil, m.loads.Weights()))
	err = m.assign(ctx, view, living, duties, moves)
	m.buryLanes(ctx, view, living)
	return err
}

// quiesceStale takes the rows of connectors whose configuration was changed by someone who did not do so: a real Connect
// worker, or a person with a producer.
func (m *Member) quiesceStale(ctx context.Context, duties map[rows.Task]duty) error {
	stale := map[string]bool{}
	for t, row := range m.Board.View().Tasks {
		if d, ok := duties[t]; ok && row.GetConfig() != d.version {
			stale[t.Connector] = true
		}
	}
	for name := range stale {
		if err := m.Herder.quiesce(ctx, name, "", 0); err != nil {
			return err
		}
	}
	return nil
}

// alive are the group's members that can be given tasks, by name. Whom gossip holds for dead is not among them, unless
// that would be most of the group: then it is this worker that is cut off.
func (m *Member) alive(ctx context.Context) (map[string]Living, error) {
	members, stable, err := m.Roll.Members(ctx)
	if err != nil {
		return nil, err
	}
	if m.asOf != m.Leader.Since() { // another term: what was known then is old
		m.known, m.asOf = nil, m.Leader.Since()
	}
	if stable {
		m.known = members
	} else if m.known == nil {
		return nil, &fault.Error{Kind: fault.Retriable, Op: "list the group", Err: errors.New("it is rebalancing")}
	}
	dead := m.dead(m.known)
	return newest(slices.DeleteFunc(slices.Clone(m.known), func(l Living) bool { return dead[l.ID] })), nil
}

// dead are those whom gossip holds for dead, nobody when that is most of them.
func (m *Member) dead(members []Living) map[string]bool {
	dead := map[string]bool{}
	for _, l := range members {
		if gone(m.gossiped(l)) {
			dead[l.ID] = true
		}
	}
	if 2*len(dead) > len(members) {
		clear(dead)
	}
	return dead
}

func (m *Member) gossiped(l Living) gossip.State {
	if m.Gossip == nil {
		return gossip.Unknown
	}
	return m.Gossip.State(l.GetName(), l.GetInstance())
}

// input is what Assign decides on. wish is what a person asks for now.
func (m *Member) input(
	view *rows.View, living map[string]Living, duties map[rows.Task]duty, wish *Change, weights map[rows.Task]float64,
) plan.Input {
	in := plan.Input{
		Previous: map[rows.Task]string{}, Pins: view.Pins, Tasks: slices.Collect(maps.Keys(duties)), Weights: weights,
	}
	if wish != nil {
		in.Wishes = wish.Move
	}
	for name, l := range living {
		if _, drained := view.Drains[name]; drained || m.leaving(l) {
			in.Leaving = append(in.Leaving, name)
		} else {
			in.Workers = append(in.Workers, name)
		}
	}
	for t := range duties {
		row := view.Tasks[t]
		in.Previous[t] = row.GetWorker()
		if in.Previous[t] == "" { // nobody, because its connector changed: back to where it was
			if _, there := living[row.GetFrom()]; there {
				in.Previous[t] = row.GetFrom()
			}
		}
	}
	return in
}

// leaving reports whether a worker has said that it is about to stop.
func (m *Member) leaving(l Living) bool {
	if m.Gossip == nil {
		return false
	}
	for _, p := range m.Gossip.Peers() {
		if p.Member.GetName() == l.GetName() && p.Member.GetInstance() == l.GetInstance() {
			return p.Member.GetDraining()
		}
	}
	return false
}

// assign turns moves into rows. A row is written anew too when its worker was started again or its connector changed.
func (m *Member) assign(
	ctx context.Context, view *rows.View, living map[string]Living, duties map[rows.Task]duty, moves []plan.Move,
) error {
	target := m.input(view, living, duties, nil, nil).Previous
	reasons := map[rows.Task]string{}
	for _, mv := range moves {
		target[mv.Task], reasons[mv.Task] = mv.To, mv.Reason
	}
	var messages []record.Message
	var lost []string
	for t, d := range duties {
		old := view.Tasks[t]
		row := m.row(old, target[t], living, d, reasons[t])
		if row == nil {
			continue
		}
		if _, there := living[old.GetWorker()]; old.GetWorker() != "" && (!there || row.CrashCount > old.GetCrashCount()) {
			lost = append(lost, d.ids...)
		}
		messages = append(messages, m.Leader.Topic.Task(t, row))
	}
	for t := range view.Tasks {
		if _, wanted := duties[t]; !wanted {
			messages = append(messages, m.Leader.Topic.Task(t, nil))
		}
	}
	messages = append(messages, m.laneRows(view)...)
	if len(messages) == 0 {
		return nil
	}
	m.fenceLost(ctx, lost)
	m.Log.Info("assignment", "epoch", m.Leader.Next(), "rows", len(messages), "workers", len(living), "lost_ids", len(lost))
	return m.Leader.Write(ctx, messages)
}

// row is what a task's row should be, nil when it is so already.
func (m *Member) row(old *headwaterv1.Assignment, worker string, living map[string]Living, d duty, reason string) *headwaterv1.Assignment {
	instance := living[worker].GetInstance()
	if old != nil && old.GetWorker() == worker && old.GetInstance() == instance && old.GetConfig() == d.version {
		return nil
	}
	row := &headwaterv1.Assignment{
		Worker: worker, Instance: instance, Epoch: m.Leader.Next(), Config: d.version, Reason: reason,
		AssignedUnixMs: time.Now().UnixMilli(), CrashCount: old.GetCrashCount(),
	}
	was, there := living[old.GetWorker()]
	switch {
	case old.GetWorker() == "":
	case !there || was.GetInstance() != old.GetInstance(): // it went without letting go
		row.CrashCount++
	case worker != old.GetWorker():
		row.From, row.CrashCount = old.GetWorker(), 0
	}
	if row.Reason == "" {
		row.Reason = "worker restarted"
		if old.GetConfig() != d.version || old.GetWorker() == "" {
			row.Reason = "connector changed"
		}
	}
	return row
}

// fenceLost takes the ids of workers that were lost before anybody reads under them: a hung producer's open transaction
// would hold back every reader of its partitions until it times out. That it may fail is no danger: the next holder's own
// claim fences too.
func (m *Member) fenceLost(ctx context.Context, ids []string) {
	if len(ids) == 0 || proof.Broken("fence-lost") {
		return
	}
	if err := m.Herder.Fence(ctx, ids); err != nil {
		m.Log.Warn("ids of a lost worker are not fenced yet", "err", err)
	}
}

// renewKey writes a session key when there is none or it is old.
func (m *Member) renewKey(ctx context.Context) error {
	if m.Herder.keyAge(time.Now()) < keyTTL {
		return nil
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return m.Herder.write(ctx, m.Herder.Topic.Session(configs.SessionKey{
		Key: key, Algorithm: "HmacSHA256", Created: time.Now().UnixMilli(),
	}))
}
