package view

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/cmd/worker/view/queue"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/wire"
	"github.com/headwater/headwater/internal/fault"
)

// Items implements own.Queues.
func (v View) Items(ctx context.Context, name string, q wire.ItemQuery, local bool) (wire.QueueItems, error) {
	if _, err := v.chained(name); err != nil {
		return wire.QueueItems{}, err
	}
	out, err := v.ownItems(name, q)
	if err != nil || local {
		return out, err
	}
	others, missing, err := askAll[wire.QueueItems](ctx, v, queuePath(name, "/items", q.Values()))
	if err != nil {
		return out, err
	}
	out.Missing = missing
	for _, o := range others {
		out.Items = append(out.Items, o.Items...)
		out.Unread -= chaining.Lanes - o.Unread
	}
	out.Items, out.Unread = distinct(out.Items), max(out.Unread, 0)
	return cut(out, q.Limit), nil
}

// ownItems are those of the lanes here.
func (v View) ownItems(name string, q wire.ItemQuery) (wire.QueueItems, error) {
	lanes := v.ready(name)
	out := wire.QueueItems{Items: []wire.QueueItem{}, Missing: []string{}, Unread: chaining.Lanes - len(lanes)}
	for _, l := range lanes {
		some, err := l.List(q)
		if errors.Is(err, items.ErrClosed) { // it is just leaving
			out.Unread++
			continue
		}
		if err != nil {
			return out, err
		}
		for _, it := range some {
			out.Items = append(out.Items, queue.Shape(it, v.Self.GetName()))
		}
	}
	out.Items = distinct(out.Items)
	return cut(out, q.Limit), nil
}

// distinct sorts items and leaves, of those that two workers know, what was crawled last.
func distinct(list []wire.QueueItem) []wire.QueueItem {
	slices.SortFunc(list, func(a, b wire.QueueItem) int {
		if c := strings.Compare(a.ID, b.ID); c != 0 {
			return c
		}
		return b.Crawled.Compare(a.Crawled)
	})
	return slices.CompactFunc(list, func(a, b wire.QueueItem) bool { return a.ID == b.ID })
}

// cut leaves a page.
func cut(list wire.QueueItems, limit int) wire.QueueItems {
	if list.Next = ""; len(list.Items) >= limit {
		list.Items = list.Items[:limit]
		list.Next = list.Items[limit-1].ID
	}
	return list
}

// Item implements own.Queues.
func (v View) Item(ctx context.Context, name, id string, local bool) (wire.QueueItem, error) {
	if _, err := v.chained(name); err != nil {
		return wire.QueueItem{}, err
	}
	key, err := chaining.ParseID(id)
	if err != nil {
		return wire.QueueItem{}, &api.Error{Status: http.StatusBadRequest, Message: err.Error()}
	}
	if it, here, err := v.ownItem(name, key); here || local {
		return it, err
	}
	at, err := v.laneOf(ctx, name, key.Lane(), local)
	if err != nil || at == v.Self.GetName() {
		return wire.QueueItem{}, cmp.Or(err, noItem(name, id))
	}
	out := wire.QueueItem{}
	body, err := v.Forward.Get(ctx, v.address(ctx, at), queuePath(name, "/items/"+id, nil))
	if err == nil {
		err = json.Unmarshal(body, &out)
	}
	return out, err
}

// ownItem looks for an item on the lane that it is of; here says whether that lane runs here.
func (v View) ownItem(name string, id chaining.ID) (_ wire.QueueItem, here bool, err error) {
	for _, l := range v.ready(name) {
		if l.N != id.Lane() {
			continue
		}
		it, ok, err := l.Find(id)
		if errors.Is(err, items.ErrClosed) {
			break
		}
		if err == nil && !ok {
			err = noItem(name, id.String())
		}
		return queue.Shape(it, v.Self.GetName()), true, err
	}
	return wire.QueueItem{}, false, noItem(name, id.String())
}

func noItem(name, id string) error {
	return &api.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("Connector %s has no work item %s", name, id)}
}

// Amend implements own.Amender. Only the item's lane may write its progress (R13): the wish goes on to the worker that has
// the lane.
func (v View) Amend(ctx context.Context, name, id, wish string, local bool) (wire.QueueItem, error) {
	if _, err := v.chained(name); err != nil {
		return wire.QueueItem{}, err
	}
	key, err := chaining.ParseID(id)
	if err != nil {
		return wire.QueueItem{}, &api.Error{Status: http.StatusBadRequest, Message: err.Error()}
	}
	at, err := v.laneOf(ctx, name, key.Lane(), local)
	switch {
	case err != nil:
		return wire.QueueItem{}, err
	case at == v.Self.GetName():
		return v.amend(ctx, name, key, wish)
	}
	body, err := v.Forward.Post(ctx, v.address(ctx, at), queuePath(name, "/items/"+id+"/"+wish, nil))
	out := wire.QueueItem{}
	if err == nil {
		err = json.Unmarshal(body, &out)
	}
	return out, err
}

// laneOf is the worker that has a lane.
func (v View) laneOf(ctx context.Context, name string, lane int32, local bool) (string, error) {
	if c, _ := v.Herder.Connector(name); c.Target != configs.Started {
		return "", &api.Error{Status: http.StatusBadRequest, Message: fmt.Sprintf(
			"Connector %s is %s: nobody works on its items. Resume it, or change the items' offsets while it is STOPPED", name, c.Target)}
	}
	q, err := v.Queue(ctx, name, local)
	if err != nil {
		return "", err
	}
	for _, l := range q.Lanes {
		if l.Lane == int(lane) && rank(l) > 0 {
			return l.Worker, nil
		}
	}
	return "", busy(fmt.Errorf("no worker has lane %d just now", lane))
}

// amend changes an item of a lane here.
func (v View) amend(ctx context.Context, name string, id chaining.ID, wish string) (wire.QueueItem, error) {
	for _, l := range v.ready(name) {
		if l.N != id.Lane() {
			continue
		}
		err := l.Amend(ctx, id, wish)
		switch {
		case errors.Is(err, queue.ErrUnknown):
			return wire.QueueItem{}, noItem(name, id.String())
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, items.ErrClosed), err != nil && fault.KindOf(err) == fault.Retriable:
			return wire.QueueItem{}, busy(err)
		case err != nil:
			return wire.QueueItem{}, err
		}
		it, _, err := v.ownItem(name, id)
		return it, err
	}
	return wire.QueueItem{}, busy(fmt.Errorf("lane %d has just left this worker", id.Lane()))
}

// busy says that a call came at a bad moment. Connect's tools know the words and try again.
func busy(err error) error {
	return &api.Error{Status: http.StatusConflict, Message: api.Conflict().Message + ": " + err.Error()}
}
