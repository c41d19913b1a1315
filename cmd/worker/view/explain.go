package view

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/wire"
)

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
	if c, _ := v.Herder.Connector(name); configs.Chained(c.Config) && len(c.Tasks) > 0 {
		out = v.explainChildren(ctx, out, s.Tasks)
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

// ask returns what another worker says about its tasks of a connector, nil when it does not answer.
func (v View) ask(ctx context.Context, worker, name string) []wire.API {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	body, err := v.Forward.Get(ctx, v.address(ctx, worker), wire.Base+"/connectors/"+url.PathEscape(name)+"/explain?scope=worker")
	answer := wire.Explain{}
	if err == nil && json.Unmarshal(body, &answer) == nil {
		return append([]wire.API{}, answer.APIs...)
	}
	return nil
}
