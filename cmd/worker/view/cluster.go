package view

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/plan"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/api/wire"
)

// HostOf is the host:port of a URL.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// View implements api.Cluster: the group's members, and what gossip says of them.
func (v View) View(ctx context.Context) (wire.Cluster, error) {
	members, _, err := v.Roll.Members(ctx)
	if err != nil {
		return wire.Cluster{}, err
	}
	at := v.Board.View()
	out := wire.Cluster{Group: v.GroupID, Epoch: at.Leader.GetEpoch(), Leader: at.Leader.GetWorker()}
	for _, l := range members {
		out.Workers = append(out.Workers, v.worker(l, at))
	}
	slices.SortFunc(out.Workers, func(a, b wire.Worker) int { return strings.Compare(a.Name+a.Instance, b.Name+b.Instance) })
	return out, nil
}

func (v View) worker(l coordinator.Living, at *rows.View) wire.Worker {
	w := wire.Worker{
		Name: l.GetName(), Instance: l.GetInstance(), URL: l.GetUrl(), Version: l.GetVersion(), Protocol: int(l.GetProtocol()),
		State: wire.Unknown, Started: time.UnixMilli(l.GetStartedUnixMs()).UTC(),
		Leader: at.Leader.GetWorker() == l.GetName() && at.Leader.GetInstance() == l.GetInstance(),
	}
	if d, ok := at.Drains[l.GetName()]; ok {
		w.Draining, w.DrainReason = true, d.GetReason()
	}
	for _, row := range at.Tasks {
		if row.GetWorker() == w.Name && row.GetInstance() == w.Instance {
			w.Tasks++
		}
	}
	if v.Gossip == nil {
		return w
	}
	for _, p := range v.Gossip.Peers() {
		if p.Member.GetName() == w.Name && p.Member.GetInstance() == w.Instance {
			w.State, w.Load = stateOf(p.State), p.Member.GetLoad()
			if p.Member.GetDraining() {
				w.Draining, w.DrainReason = true, "stopping"
			}
		}
	}
	return w
}

// Worker implements api.Self.
func (v View) Worker(ctx context.Context) (wire.Worker, error) {
	return v.worker(coordinator.Living{Member: v.Self}, v.Board.View()), ctx.Err()
}

// stateOf words gossip's opinion; whoever left is as good as dead.
func stateOf(s gossip.State) string {
	if s == gossip.Left {
		return wire.Dead
	}
	return s.String()
}

// Assignments implements api.Cluster.
func (v View) Assignments(context.Context) (wire.Assignments, error) {
	at := v.Board.View()
	out := wire.Assignments{Epoch: at.Leader.GetEpoch(), Tasks: []wire.Task{}}
	for _, name := range v.Herder.Names() {
		c, _ := v.Herder.Connector(name)
		for id, config := range c.Tasks {
			t := coordinator.Task(name, id)
			row := at.Tasks[t]
			task := wire.Task{
				Task: t.String(), Connector: name, ID: id, APIs: strings.Split(config["apis"], ","), Worker: row.GetWorker(),
				Epoch: row.GetEpoch(), Reason: row.GetReason(), Pinned: at.Pins[t], Crashes: int(row.GetCrashCount()),
			}
			if ms := row.GetAssignedUnixMs(); ms != 0 {
				task.Since = time.UnixMilli(ms).UTC()
			}
			out.Tasks = append(out.Tasks, task)
		}
	}
	return out, nil
}

// Change implements api.Cluster.
func (v View) Change(ctx context.Context, c wire.Change, dry bool) (wire.Moves, error) {
	change := coordinator.Change{Drain: c.Drain, Undrain: c.Undrain}
	var faults []error
	read := func(name string) rows.Task {
		t, err := rows.ParseTask(name)
		faults = append(faults, err)
		return t
	}
	each := func(in map[string]string) map[rows.Task]string {
		out := map[rows.Task]string{}
		for name, worker := range in {
			out[read(name)] = worker
		}
		return out
	}
	change.Pin, change.Move = each(c.Pin), each(c.Move)
	for _, name := range c.Unpin {
		change.Unpin = append(change.Unpin, read(name))
	}
	if err := errors.Join(faults...); err != nil {
		return wire.Moves{}, err
	}
	moves, err := v.Part.Change(ctx, change, dry)
	return wire.Moves{Moves: shown(moves)}, answer("", err)
}

func shown(moves []plan.Move) []wire.Move {
	out := make([]wire.Move, len(moves))
	for i, m := range moves {
		out[i] = wire.Move{Task: m.Task.String(), From: m.From, To: m.To, Reason: m.Reason}
	}
	return out
}
