package coordinator

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/handover"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/proof"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// follow keeps the running tasks equal to the rows that are ours.
func (m *Member) follow(ctx context.Context) {
	current, lanes := map[rows.Task]Want{}, map[string]WantLanes{}
	for ctx.Err() == nil {
		board, herder := m.Board.Changed(), m.Herder.Changed()
		current = m.wants(current)
		m.applying.Lock()
		if m.stopping.Load() {
			clear(current)
		}
		m.Apply(current)
		m.applying.Unlock()
		if m.Lanes != nil {
			lanes = m.lanes(lanes)
			m.Lanes(lanes)
		}
		select {
		case <-ctx.Done():
		case <-board:
		case <-herder:
		case <-m.wake:
		}
	}
}

// rouse makes the follower look again.
func (m *Member) rouse() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Stop gives up all tasks, for good.
func (m *Member) Stop() {
	m.stopping.Store(true)
	m.Apply(nil)
	if m.Lanes != nil {
		m.Lanes(nil)
	}
	m.rouse()
}

// wants are the tasks to run: the rows with our name and instance, for the configuration that we have read. What stays is
// taken over from current, so that a configuration is resolved once a run.
func (m *Member) wants(current map[rows.Task]Want) map[rows.Task]Want {
	next := map[rows.Task]Want{}
	if m.silent.Load() || m.stopping.Load() {
		return next
	}
	view := m.Board.View()
	for t, row := range view.Tasks {
		if row.GetWorker() != m.Self.GetName() || row.GetInstance() != m.Self.GetInstance() && !proof.Broken("instance") {
			continue
		}
		c, known := m.Herder.Connector(t.Connector)
		if !known || c.Target != configs.Started || c.Version != row.GetConfig() {
			continue
		}
		w := Want{Task: t, Version: row.GetConfig(), Epoch: row.GetEpoch()}
		if old, ok := current[t]; ok && old.Same(w) {
			next[t] = old
			continue
		}
		config, err := m.Herder.Parse(c.Config)
		if err == nil && t.N >= len(connector.Tasks(config)) {
			err = errors.New("the connector has no such task")
		}
		if err != nil {
			m.Faulty(t, w.Epoch, err)
			continue
		}
		w.Config, w.Ready = config, m.ready(t, row)
		next[t] = w
	}
	return next
}

// ready is closed when the worker that had the task has let go.
func (m *Member) ready(t rows.Task, row *headwaterv1.Assignment) <-chan struct{} {
	from := row.GetFrom()
	if from == "" || from == m.Self.GetName() || proof.Broken("handover") {
		return nil
	}
	return m.words.Wait(t, row.GetEpoch())
}

// Received takes another worker's word: that it has let go of a task, or what its tasks do.
func (m *Member) Received(word proto.Message) {
	switch w := word.(type) {
	case *headwaterv1.Released:
		m.words.Release(rows.Task{Connector: w.GetConnector(), N: int(w.GetTask())}, w.GetEpoch())
	case *headwaterv1.Loads:
		for _, t := range w.GetTasks() {
			m.loads.Say(rows.Task{Connector: t.GetConnector(), N: int(t.GetTask())}, t.GetRecords(), time.Now())
		}
	}
}

// Report tells the leader what this worker's tasks do; it is to be called every load.Every. That it may not arrive is no
// harm: then tasks are shared by their number.
func (m *Member) Report(tasks []*headwaterv1.TaskLoad) {
	loads, leader := &headwaterv1.Loads{Tasks: tasks}, m.Board.LeaderRow()
	if m.Board.IsSelf(leader) {
		m.Received(loads)
	} else if m.Gossip != nil && leader != nil {
		if err := m.Gossip.Tell(leader.GetWorker(), loads); err != nil {
			m.Log.Debug("leader not told of the load", "err", err)
		}
	}
}

// Stopped tells the worker that has the task next that this one has let go. One that has just come may not be known to
// gossip yet: then it is tried again for as long as the other waits. That it may not arrive is no harm.
func (m *Member) Stopped(t rows.Task) {
	row := m.Board.View().Tasks[t]
	next := row.GetWorker()
	if m.Gossip == nil || row.GetFrom() != m.Self.GetName() || next == m.Self.GetName() || next == "" {
		return
	}
	word := &headwaterv1.Released{Connector: t.Connector, Task: int32(t.N), Epoch: row.GetEpoch()}
	var err error
	for until := time.Now().Add(handover.Patience); time.Now().Before(until); time.Sleep(tellAgain) {
		if err = m.Gossip.Tell(next, word); err == nil {
			return
		}
	}
	m.Log.Debug("next worker not told", "task", t, "worker", next, "err", err)
}

// tellAgain is the pause before a word is given again.
const tellAgain = 50 * time.Millisecond

// Leave waits until every task has been moved to another worker, nobody is there to take them, the group is silent, or ctx
// ends. The worker has said in gossip that it is draining.
func (m *Member) Leave(ctx context.Context) {
	for ctx.Err() == nil && m.Gossip != nil && !m.silent.Load() && m.others(ctx) && !proof.Broken("drain") {
		board := m.Board.Changed()
		if m.owned() == 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-board:
		case <-time.After(passEvery):
		}
	}
}

// others reports whether a worker is there that could take tasks: one in the group that gossip does not hold for dead or
// leaving. Gossip may not know it yet.
func (m *Member) others(ctx context.Context) bool {
	members, _, err := m.Roll.Members(ctx)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(members, func(l Living) bool {
		state := m.gossiped(l)
		return l.GetInstance() != m.Self.GetInstance() && state != gossip.Dead && state != gossip.Left && !m.leaving(l)
	})
}

func (m *Member) owned() int {
	n := 0
	for _, row := range m.Board.View().Tasks {
		if row.GetWorker() == m.Self.GetName() && row.GetInstance() == m.Self.GetInstance() {
			n++
		}
	}
	return n
}
