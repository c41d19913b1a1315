package coordinator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/internal/fault"
)

// heed looks who else is in the group. It hastens what the group finds out by itself later: peers are gossiped with, and
// the dead are taken out of the group where it waits for them. And it ends a worker whose name another process has taken.
func (m *Member) heed(ctx context.Context) error {
	var known []Living // while the group rebalances, its list lacks members
	for ctx.Err() == nil {
		talk := m.talk()
		members, stable, err := m.Roll.Members(ctx)
		if stable || known == nil {
			known = members
		}
		if other, taken := newest(members)[m.Self.GetName()]; taken && later(other, Living{Member: m.Self}) {
			return replaced(other)
		}
		if err == nil && m.Gossip != nil {
			m.Gossip.Join(Addresses(members))
			m.bury(ctx, known, stable)
		}
		select {
		case <-ctx.Done():
		case <-talk:
		case <-time.After(time.Second):
		}
	}
	return nil
}

func replaced(other Living) error {
	return &fault.Error{
		Op: "run as worker " + other.GetName(), Err: fmt.Errorf("another process of that name has joined from %s", other.GetUrl()),
		Hint: "give each worker a worker.name, or advertised address, of its own",
	}
}

// Addresses are where members gossip.
func Addresses(members []Living) []string {
	var out []string
	for _, l := range members {
		if a := l.GetGossip(); a != "" {
			out = append(out, a)
		}
	}
	return out
}

// bury takes out of the group whom gossip holds for dead and the group waits for: the leader, and anybody while the group
// rebalances, for that ends when all have joined or a session is over. Each is taken out once: who comes back lives,
// whatever gossip says. All rejoin then, so that the group settles without waiting for the next heartbeats.
func (m *Member) bury(ctx context.Context, members []Living, stable bool) {
	maps.DeleteFunc(m.buried, func(instance, name string) bool { return !gone(m.Gossip.State(name, instance)) })
	dead, leader, some := m.dead(members), m.Board.LeaderRow(), false
	for _, l := range members {
		leads := l.GetName() == leader.GetWorker() && l.GetInstance() == leader.GetInstance()
		if m.buried[l.GetInstance()] != "" || !dead[l.ID] || stable && !leads {
			continue
		}
		m.Log.Info("a worker is gone", "gone", l.GetName(), "leader", leads)
		if err := m.Roll.Evict(ctx, l.ID); err != nil {
			m.Log.Warn("dead worker not evicted", "gone", l.GetName(), "err", err)
			continue
		}
		m.buried[l.GetInstance()], some = l.GetName(), true
	}
	if some {
		m.Roll.Rejoin()
	}
}

// gone reports whether a worker in that state is there no more.
func gone(s gossip.State) bool { return s == gossip.Dead || s == gossip.Left }

// Known reports whether this worker is in the group and somebody in it leads, and whether that is this worker.
func (m *Member) Known(ctx context.Context) (self, known bool) {
	row := m.Board.LeaderRow()
	if m.Leader.May() {
		return true, m.Board.IsSelf(row)
	}
	members, _, err := m.Roll.Members(ctx)
	return false, err == nil && listed(members, m.Self.GetName(), m.Self.GetInstance()) &&
		listed(members, row.GetWorker(), row.GetInstance())
}

func listed(members []Living, name, instance string) bool {
	return slices.ContainsFunc(members, func(m Living) bool { return m.GetName() == name && m.GetInstance() == instance })
}
