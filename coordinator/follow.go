package coordinator

import (
	"context"
	"errors"
	"time"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/proof"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// follow keeps the running tasks equal to the rows that are ours.
func (m *Member) follow(ctx context.Context) {
	current := map[rows.Task]Want{}
	for ctx.Err() == nil {
		board, herder := m.Board.Changed(), m.Herder.Changed()
		current = m.wants(current)
		m.applying.Lock()
		if m.stopping.Load() {
			clear(current)
		}
		m.Apply(current)
		m.applying.Unlock()
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
		if !known || c.Target != configs.Started || configs.Fingerprint(c.Config) != row.GetConfig() {
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

// Received takes another worker's word that it has let go of a task.
func (m *Member) Received(r *headwaterv1.Released) {
	m.words.Release(rows.Task{Connector: r.GetConnector(), N: int(r.GetTask())}, r.GetEpoch())
}

// Stopped tells the worker that has the task next that this one has let go. That it may not arrive is no harm: the other
// waits a moment and claims.
func (m *Member) Stopped(t rows.Task) {
	row := m.Board.View().Tasks[t]
	if m.Gossip == nil || row.GetFrom() != m.Self.GetName() || row.GetWorker() == m.Self.GetName() {
		return
	}
	word := &headwaterv1.Released{Connector: t.Connector, Task: int32(t.N), Epoch: row.GetEpoch()}
	if err := m.Gossip.Tell(row.GetWorker(), word); err != nil {
		m.Log.Debug("next worker not told", "task", t, "worker", row.GetWorker(), "err", err)
	}
}

// Leave waits until every task has been moved to another worker, nobody is there to take them, or ctx ends. The worker
// has said in gossip that it is draining.
func (m *Member) Leave(ctx context.Context) {
	for ctx.Err() == nil && m.Gossip != nil && m.others() > 0 && !proof.Broken("drain") {
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

// others counts the workers that could take tasks.
func (m *Member) others() int {
	n := 0
	for _, p := range m.Gossip.Peers() {
		if p.State == gossip.Alive && !p.Member.GetDraining() && p.Member.GetInstance() != m.Self.GetInstance() {
			n++
		}
	}
	return n
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
