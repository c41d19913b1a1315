package view

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/headwater/headwater/cmd/worker/view/queue"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/wire"
	"github.com/headwater/headwater/worker/hold"
)

// explainChildren replaces what tasks say of child APIs, which they do not run, by what the lanes of the work queue do.
func (v View) explainChildren(ctx context.Context, e wire.Explain, tasks []api.TaskStatus) wire.Explain {
	q, err := v.Queue(ctx, e.Connector, false)
	if err != nil { // the tasks say why
		return e
	}
	c, _ := v.Herder.Connector(e.Connector)
	at, lanes := v.Board.View(), alike(q.Lanes)
	for _, child := range q.APIs {
		e.APIs = slices.DeleteFunc(e.APIs, func(a wire.API) bool { return a.API == child.API })
		for _, t := range tasks {
			if t.ID < len(c.Tasks) && slices.Contains(configs.TaskAPIs(c.Tasks[t.ID]), child.API) {
				row := at.Tasks[coordinator.Task(e.Connector, t.ID)]
				e.APIs = append(e.APIs, wire.API{
					API: child.API, Task: t.ID, Worker: row.GetWorker(), State: t.State, Trace: t.Trace, Queue: &child, Lanes: lanes,
				})
			}
		}
	}
	slices.SortStableFunc(e.APIs, func(a, b wire.API) int { return cmp.Compare(a.API, b.API) })
	return e
}

// alike puts lanes together that wait for the same, most of them first.
func alike(lanes []wire.QueueLane) []wire.ExplainLanes {
	out := []wire.ExplainLanes{}
	for _, l := range lanes {
		what := l.Waiting
		switch {
		case l.Worker == "":
			what = "no worker"
		case l.State == string(hold.Failed):
			what = "failed"
		}
		i := slices.IndexFunc(out, func(e wire.ExplainLanes) bool { return e.Waiting == what })
		if i < 0 {
			i, out = len(out), append(out, wire.ExplainLanes{Waiting: what, Workers: []string{}, Until: l.Until, Trace: l.Trace})
		}
		e := &out[i]
		e.Lanes++
		if !l.Until.IsZero() && l.Until.Before(e.Until) {
			e.Until = l.Until
		}
		if l.Worker != "" && !slices.Contains(e.Workers, l.Worker) {
			e.Workers = append(e.Workers, l.Worker)
		}
	}
	slices.SortStableFunc(out, func(a, b wire.ExplainLanes) int { return cmp.Compare(b.Lanes, a.Lanes) })
	return out
}

// lanes is what the lanes of the work queue that run here do for some of the connector's APIs.
func (v View) lanes(name string, apis []int) (out []api.APIProgress) {
	here := v.ready(name)
	for _, n := range apis {
		p := api.APIProgress{API: n, Queue: &api.QueueProgress{}}
		sum, waits := wire.QueueAPI{}, map[string]int{}
		for _, l := range here {
			if slices.Contains(l.APIs, n) {
				waits[v.lane(&p, &sum, l, n)]++
			}
		}
		if len(waits) == 0 {
			continue
		}
		for what, lanes := range waits { // what most of them wait for
			if best := waits[p.Waiting]; lanes > best || lanes == best && what > p.Waiting {
				p.Waiting = what
			}
		}
		p.Until = moment(sum.NextDue)
		p.Queue.Waiting, p.Queue.Active, p.Queue.Idle, p.Queue.Failed, p.Queue.Ended = sum.Waiting, sum.Active, sum.Idle, sum.Failed, sum.Ended
		out = append(out, p)
	}
	return out
}

// lane adds one lane, and returns what it waits for.
func (v View) lane(p *api.APIProgress, sum *wire.QueueAPI, l queue.Lane, n int) string {
	if c, err := l.Count(n, time.Now()); err == nil {
		sum.Add(c)
	}
	done := l.Crawl.Crawled(n)
	p.Queue.Lanes++
	p.Records += done.Records
	if p.LastPage == nil || done.Committed.After(*p.LastPage) {
		p.LastPage, p.Reason = moment(done.Committed), done.Reason
	}
	return l.Crawl.Status().Waiting
}
