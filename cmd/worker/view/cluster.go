package view

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/plan"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/api"
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

// Explain implements api.Cluster: each worker that has tasks of the connector says what they are doing.
func (v View) Explain(ctx context.Context, name string) (wire.Explain, error) {
	s, known := v.Status(name)
	if !known {
		return wire.Explain{}, api.NotFound(name)
	}
	out := wire.Explain{Connector: name, State: s.Connector.State, APIs: []wire.API{}}
	at, there := v.Board.View(), map[string][]wire.API{}
	for _, t := range s.Tasks {
		row := at.Tasks[coordinator.Task(name, t.ID)]
		out.APIs = append(out.APIs, v.explain(ctx, name, t, row.GetWorker(), there)...)
	}
	return out, nil
}

// ExplainOwn implements api.Self.
func (v View) ExplainOwn(name string) []wire.API {
	var out []wire.API
	c, _ := v.Herder.Connector(name)
	for id := range c.Tasks {
		own, task, here := v.Running.Status(coordinator.Task(name, id))
		if !here {
			continue
		}
		for _, r := range task.Runners {
			at := r.Status()
			if own.Waiting != "" || own.Trace != "" { // being prepared, or failed before it ran
				at = own
			}
			out = append(out, wire.API{
				API: r.Pipeline.API.N, Task: id, Worker: v.Self.GetName(), State: string(at.State), Waiting: at.Waiting, Until: at.Until,
				Reason: at.Reason, LastPage: at.Committed, Records: at.Records, Pages: at.Pages, Rejected: at.Rejected, Trace: at.Trace,
			})
		}
	}
	return out
}

// explain is about one task. there holds what its workers have said already.
func (v View) explain(ctx context.Context, name string, t api.TaskStatus, worker string, there map[string][]wire.API) []wire.API {
	if worker == v.Self.GetName() {
		there[worker] = v.ExplainOwn(name)
	} else if _, asked := there[worker]; !asked && worker != "" {
		there[worker] = v.ask(ctx, worker, name)
	}
	var out []wire.API
	for _, a := range there[worker] {
		if a.Task == t.ID {
			out = append(out, a)
		}
	}
	if out != nil {
		return out
	}
	c, _ := v.Herder.Connector(name)
	for _, n := range configs.TaskAPIs(c.Tasks[t.ID]) {
		a := wire.API{API: n, Task: t.ID, Worker: worker, State: t.State, Trace: t.Trace}
		switch {
		case worker == "":
			a.Waiting = "no worker"
		case there[worker] == nil:
			a.State, a.Waiting = "UNKNOWN", "worker "+worker+" does not answer"
		}
		out = append(out, a)
	}
	return out
}

// askLimit bounds the wait for another worker's word.
const askLimit = 3 * time.Second

// ask returns what another worker says about its tasks of a connector, nil when it does not answer.
func (v View) ask(ctx context.Context, worker, name string) []wire.API {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	members, _, err := v.Roll.Members(ctx)
	if err != nil {
		return nil
	}
	for _, l := range members {
		if l.GetName() != worker {
			continue
		}
		body, err := v.Forward.Get(ctx, l.GetUrl(), wire.Base+"/connectors/"+url.PathEscape(name)+"/explain?scope=worker")
		answer := wire.Explain{}
		if err == nil && json.Unmarshal(body, &answer) == nil {
			return append([]wire.API{}, answer.APIs...)
		}
	}
	return nil
}
