package queue

import (
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/internal/api/wire"
	"github.com/headwater/headwater/offsets"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// List returns items of the lane in the order of their IDs, as many as q wants.
func (l Lane) List(q wire.ItemQuery) ([]items.Item, error) {
	var out []items.Item
	for _, api := range l.APIs {
		if q.API != 0 && q.API != api {
			continue
		}
		some, err := l.list(api, q)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, func(a, b items.Item) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	return out[:min(len(out), q.Limit)], nil
}

// list is List of one child API.
func (l Lane) list(api int, q wire.ItemQuery) (out []items.Item, err error) {
	state := items.State(1 + slices.Index(wire.ItemStates, q.State)) // both in the same order; none: items.Gone, which is all
	var after chaining.ID
	if q.After != "" {
		if after, err = chaining.ParseID(q.After); err != nil {
			return nil, err
		}
	}
	for len(out) < q.Limit {
		some, err := l.Items.List(api, state, after, q.Limit)
		if err != nil {
			return nil, err
		}
		for _, it := range some {
			if after = it.ID; !q.Stored || len(it.Progress.GetOffset()) > 0 {
				out = append(out, it)
			}
		}
		if len(some) < q.Limit {
			break
		}
	}
	return out, nil
}

// Find returns an item, whichever child API it is of; ok is false when none is announced under that ID.
func (l Lane) Find(id chaining.ID) (it items.Item, ok bool, err error) {
	for _, api := range l.APIs {
		if it, ok, err = l.Items.Get(api, id); err != nil || ok && it.Announcement != nil {
			return it, ok, err
		}
	}
	return items.Item{}, false, nil
}

// maxTrace bounds, in bytes, what a list shows of why an item failed.
const maxTrace = 2000

// Shape is an item as the REST API shows it.
func Shape(it items.Item, worker string) wire.QueueItem {
	a, p := it.Announcement, it.Progress
	out := wire.QueueItem{
		ID: it.ID.String(), API: it.Child, State: items.StateOf(it).String(), Values: Values(a.GetValues()), Attempt: int(p.GetAttempt()),
		NotBefore: moment(p.GetNotBeforeUnixMs()), Trace: p.GetTrace(), Parent: int(a.GetParent()), Emitted: moment(a.GetUnixMs()),
		Lane: int(it.ID.Lane()), Worker: worker,
	}
	if len(out.Trace) > maxTrace {
		out.Trace = strings.ToValidUTF8(out.Trace[:maxTrace], "") + " ..."
	}
	if p.GetState() != headwaterv1.Progress_SET {
		out.Crawled = moment(p.GetUnixMs())
	}
	if len(p.GetOffset()) > 0 {
		if o, err := offsets.Decode(p.GetOffset()); err == nil {
			out.Offset = Shown(&o)
		}
	}
	return out
}

// Values are what placeholders stand for, by name.
func Values(list []*headwaterv1.Value) map[string]string {
	out := make(map[string]string, len(list))
	for _, v := range list {
		out[v.GetName()] = v.GetValue()
	}
	return out
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Fields are what a person may see and set of a stored offset: the rest are marks of ours.
func Fields(o *offsets.Offset) map[string]*string {
	return map[string]*string{
		"offset": &o.Offset, "start_time": &o.StartTime, "end_time": &o.EndTime, "primary_key": &o.PrimaryKey,
	}
}

// Shown is a stored offset as people see it.
func Shown(o *offsets.Offset) map[string]string {
	shown := map[string]string{"offset": o.Offset}
	for key, value := range Fields(o) {
		if *value != "" {
			shown[key] = *value
		}
	}
	return shown
}
