package view

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/cmd/worker/view/queue"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/wire"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/worker/hold"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// chained returns the configuration of a connector with API chaining.
func (v View) chained(name string) (connector.Config, error) {
	c, known := v.Herder.Connector(name)
	switch {
	case !known:
		return connector.Config{}, api.NotFound(name)
	case !configs.Chained(c.Config):
		return connector.Config{}, &api.Error{
			Status:  http.StatusNotFound,
			Message: fmt.Sprintf("Connector %s has no API chaining (api.chaining.parent.child.relationship), and so no work queue", name),
		}
	}
	config, err := v.Parse(c.Config)
	return config, answer(name, err)
}

// children are the child APIs of a connector, by their numbers.
func children(c connector.Config) (list []wire.QueueAPI, err error) {
	for _, a := range c.APIs {
		if !a.Child {
			continue
		}
		m, err := poll.New(c.BaseURL, a)
		if err != nil {
			return nil, err
		}
		list = append(list, wire.QueueAPI{API: a.N, Parents: c.Parents(a.N), URL: m.URL(), Placeholders: a.Placeholders})
	}
	return list, nil
}

// Queue implements own.Queues.
func (v View) Queue(ctx context.Context, name string, local bool) (wire.Queue, error) {
	c, err := v.chained(name)
	if err != nil {
		return wire.Queue{}, err
	}
	out := wire.Queue{Connector: name, Topic: chaining.Topic(name), Group: chaining.Group(name), Missing: []string{}}
	if out.APIs, err = children(c); err != nil {
		return out, err
	}
	if out.Lanes, err = v.rows(name); err != nil {
		return out, err
	}
	if !local {
		var others []wire.Queue
		if others, out.Missing, err = askAll[wire.Queue](ctx, v, queuePath(name, "", nil)); err != nil {
			return out, err
		}
		for _, o := range others {
			out.Lanes = append(out.Lanes, o.Lanes...)
		}
		out.Lanes = whole(out.Lanes)
	}
	for i := range out.APIs {
		for _, l := range out.Lanes {
			for _, a := range l.APIs {
				if a.API == out.APIs[i].API {
					out.APIs[i].Add(a)
				}
			}
		}
	}
	return out, nil
}

// rows are the lanes that run here.
func (v View) rows(name string) ([]wire.QueueLane, error) {
	out := []wire.QueueLane{}
	for _, l := range v.Queues.Lanes(name) {
		row, err := l.Row(v.Self.GetName(), time.Now())
		if errors.Is(err, items.ErrClosed) { // it is just leaving
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b wire.QueueLane) int { return cmp.Compare(a.Lane, b.Lane) })
	return out, nil
}

// whole makes one row for each lane: while a lane changes hands two workers have one, and some have none.
func whole(rows []wire.QueueLane) []wire.QueueLane {
	out := make([]wire.QueueLane, chaining.Lanes)
	for n := range out {
		out[n] = wire.QueueLane{Lane: n, State: string(hold.Unassigned), APIs: []wire.QueueAPI{}}
		for _, r := range rows {
			if r.Lane == n && (out[n].Worker == "" || rank(r) > rank(out[n])) {
				out[n] = r
			}
		}
	}
	return out
}

// rank says how well a worker knows a lane.
func rank(l wire.QueueLane) int {
	switch {
	case l.State == string(hold.Running) && l.Waiting != hold.WaitClaim && l.Waiting != hold.WaitOffset:
		return 3
	case l.State == string(hold.Running):
		return 2
	case l.State == string(hold.Failed):
		return 1
	}
	return 0
}

// queuePath asks another worker for its own part of a work queue.
func queuePath(name, below string, query url.Values) string {
	if query == nil {
		query = url.Values{}
	}
	query.Set("local", "true")
	return wire.Base + "/connectors/" + url.PathEscape(name) + "/queue" + below + "?" + query.Encode()
}

// ready are the lanes here that know their items.
func (v View) ready(name string) (out []queue.Lane) {
	for _, l := range v.Queues.Lanes(name) {
		if l.Ready() {
			out = append(out, l)
		}
	}
	return out
}
