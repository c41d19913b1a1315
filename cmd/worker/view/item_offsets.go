package view

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/cmd/worker/view/queue"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/wire"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
)

// itemChange is what somebody wants of a work item's offset; a nil offset forgets it.
type itemChange struct {
	key    chaining.Key
	offset []byte
}

// alterItem reads the change of an item: its partition has the child API's URL and the values of its placeholders.
func alterItem(s stand, c api.OffsetChange) (itemChange, error) {
	item := chaining.Item{Child: s.api.N}
	values, err := valuesOf(s.api, c.Partition)
	if err != nil {
		return itemChange{}, err
	}
	for name, value := range values {
		item.Values = append(item.Values, connector.Pair{Name: name, Value: value})
	}
	out := itemChange{key: chaining.Key{Kind: chaining.Progressed, Child: item.Child, ID: item.ID()}}
	if c.Offset == nil {
		_, err := s.machine.StartItem(nil, values) // whether there can be such an item
		return out, err
	}
	o, err := offset(c.Offset)
	if err != nil {
		return out, err
	}
	out.offset = offsets.Value(o)
	_, err = s.machine.StartItem(&o, values)
	return out, err
}

// valuesOf finds the values of a child API's placeholders in a partition; there must be nothing else in it.
func valuesOf(a connector.API, partition map[string]string) (map[string]string, error) {
	values, left := map[string]string{}, maps.Clone(partition)
	delete(left, "url")
	var lacks []string
	for _, name := range a.Placeholders {
		key := wire.PlaceholderKey(name)
		value, ok := left[key]
		if !ok {
			lacks = append(lacks, fmt.Sprintf("%q", key))
		}
		values[name] = value
		delete(left, key)
	}
	switch {
	case len(lacks) > 0:
		return nil, fmt.Errorf("api%d is a child API: beside its url, its partition needs the value of %s", a.N, strings.Join(lacks, " and of "))
	case len(left) > 0:
		return nil, fmt.Errorf("api%d has no placeholder %q; it has %q", a.N, slices.Sorted(maps.Keys(left)), a.Placeholders)
	}
	return values, nil
}

// alterItems adds the records of items' changes to messages, under the transactional ids of their lanes. An item's progress
// counts by its revision, so what is there must be known.
func (v View) alterItems(ctx context.Context, name string, changes []itemChange, messages map[string][]record.Message) error {
	if len(changes) == 0 {
		return nil
	}
	config, err := v.chained(name)
	if err != nil {
		return err
	}
	if err := v.Queues.Ensure(ctx, config); err != nil {
		return err
	}
	keys := make([]chaining.Key, len(changes))
	for i, c := range changes {
		keys[i] = c.key
	}
	topic := v.Queues.Topic(name)
	now, err := topic.Progress(ctx, keys)
	if err != nil {
		return err
	}
	ids := connector.LaneIDs(v.GroupID, name)
	for _, c := range changes {
		m := chaining.ProgressMessage(topic.Name, c.key.Child, c.key.ID, nil)
		if c.offset != nil {
			m = chaining.ProgressMessage(topic.Name, c.key.Child, c.key.ID, queue.Set(now[c.key], c.offset, time.Now()))
		}
		id := ids[c.key.ID.Lane()]
		messages[id] = append(messages[id], m)
	}
	return nil
}

// resetQueue forgets all items of a stopped connector.
func (v View) resetQueue(ctx context.Context, name string) error {
	ids := connector.LaneIDs(v.GroupID, name)
	err := v.Queues.Topic(name).Sweep(ctx, func(ctx context.Context, lane int32, tombstones []record.Message) error {
		return v.Herder.Alter(ctx, name, map[string][]record.Message{ids[lane]: tombstones})
	})
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = fmt.Errorf("the work queue is not empty yet, call it again: %w", err)
	}
	return answer(name, err)
}

// maxItemOffsets bounds how many items are shown beside the offsets of a connector's APIs; the work queue's own call lists
// all of them.
const maxItemOffsets = 1000

// itemOffsets are the offsets of child APIs' items: of those that the workers have, or, of a connector that nobody works on,
// of those in the topic.
func (v View) itemOffsets(ctx context.Context, name string) (out []api.Offset, err error) {
	config, err := v.chained(name)
	if err != nil {
		return nil, nil // a configuration that cannot be read has no items to show
	}
	list, err := children(config)
	if err != nil {
		return nil, err
	}
	urls := map[int]string{}
	for _, a := range list {
		urls[a.API] = a.URL
	}
	if c, _ := v.Herder.Connector(name); c.Target != configs.Started {
		return v.storedOffsets(ctx, name, urls)
	}
	items, err := v.Items(ctx, name, wire.ItemQuery{Stored: true, Limit: maxItemOffsets}, false)
	for _, it := range items.Items {
		out = append(out, itemOffset(urls[it.API], it.Values, it.Offset))
	}
	return sorted(out), err
}

func (v View) storedOffsets(ctx context.Context, name string, urls map[int]string) (out []api.Offset, err error) {
	list, err := v.Queues.Topic(name).Stored(ctx, maxItemOffsets)
	for _, s := range list {
		o, faulty := offsets.Decode(s.Offset)
		if url, ok := urls[s.Child]; ok && faulty == nil {
			out = append(out, itemOffset(url, s.Values, queue.Shown(&o)))
		}
	}
	return sorted(out), err
}

func itemOffset(url string, values, offset map[string]string) api.Offset {
	partition := map[string]string{"url": url}
	for name, value := range values {
		partition[wire.PlaceholderKey(name)] = value
	}
	return api.Offset{Partition: partition, Offset: offset}
}

// sorted puts items in the order of their URLs and values.
func sorted(list []api.Offset) []api.Offset {
	text := func(o api.Offset) string {
		out := o.Partition["url"]
		for _, key := range slices.Sorted(maps.Keys(o.Partition)) {
			out += "\x00" + key + "\x00" + o.Partition[key]
		}
		return out
	}
	slices.SortFunc(list, func(a, b api.Offset) int { return cmp.Compare(text(a), text(b)) })
	return list
}
