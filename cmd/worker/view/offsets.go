package view

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/headwater/headwater/cmd/worker/view/queue"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// Offsets implements api.Offsets: the APIs', then those of child APIs' items.
func (v View) Offsets(ctx context.Context, name string) ([]api.Offset, error) {
	out, err := v.own(ctx, name)
	if c, _ := v.Herder.Connector(name); err != nil || !configs.Chained(c.Config) {
		return out, err
	}
	items, err := v.itemOffsets(ctx, name)
	return append(out, items...), err
}

// own are the offsets of the APIs themselves.
func (v View) own(ctx context.Context, name string) ([]api.Offset, error) {
	stored, err := v.Store.List(ctx, name)
	if err != nil {
		return nil, err
	}
	var out []api.Offset
	for _, s := range stored {
		out = append(out, api.Offset{Partition: map[string]string{"url": s.Partition.URL}, Offset: queue.Shown(&s.Offset)})
	}
	return out, nil
}

// Alter writes offsets of a stopped connector, each under the transactional id of its API or of its item's lane, so that
// nobody who is late can write after it (KIP-875).
func (v View) Alter(ctx context.Context, name string, changes []api.OffsetChange) error {
	messages, items, err := v.messages(name, changes)
	switch {
	case err != nil:
		return err
	case len(items) == 0:
		return answer(name, v.Herder.Alter(ctx, name, messages))
	}
	return v.Queues.Alter(ctx, func() error {
		if err := v.alterItems(ctx, name, items, messages); err != nil {
			return err
		}
		return answer(name, v.Herder.Alter(ctx, name, messages))
	})
}

// CheckOffsets says what is wrong with changes, whatever the connector is doing.
func (v View) CheckOffsets(name string, changes []api.OffsetChange) error {
	_, _, err := v.messages(name, changes)
	return err
}

// messages are the changes' records by the transactional id that they belong to, and the changes of items, whose records
// need more than that.
func (v View) messages(name string, changes []api.OffsetChange) (map[string][]record.Message, []itemChange, error) {
	stands, err := v.stands(name)
	if err != nil {
		return nil, nil, err
	}
	messages, items := map[string][]record.Message{}, []itemChange{}
	for i, c := range changes {
		s, known := stands[c.Partition["url"]]
		var m record.Message
		if known && s.api.Child {
			var item itemChange
			item, err = alterItem(s, c)
			items = append(items, item)
		} else if s, m, err = v.alter(name, stands, c); err == nil {
			id := connector.TransactionalID(v.GroupID, name, s.n)
			messages[id] = append(messages[id], m)
		}
		if err != nil {
			return nil, nil, &api.Error{Status: http.StatusBadRequest, Message: fmt.Sprintf("offsets[%d]: %s", i, err)}
		}
	}
	return messages, items, nil
}

// Reset forgets all offsets of a stopped connector. Those of the APIs go first: should this be cut off before the work queue
// is empty, the parents announce all items again.
func (v View) Reset(ctx context.Context, name string) error {
	stored, err := v.own(ctx, name)
	if err != nil {
		return err
	}
	stands, err := v.stands(name)
	if err != nil {
		return err
	}
	messages := map[string][]record.Message{}
	for _, s := range stored {
		url := s.Partition["url"]
		id := connector.TransactionalID(v.GroupID, name, stands[url].n)
		messages[id] = append(messages[id], offsets.Tombstone(v.OffsetsTopic, offsets.Partition{Connector: name, URL: url}))
	}
	if err := v.Herder.Alter(ctx, name, messages); err != nil {
		return answer(name, err)
	}
	if c, _ := v.Herder.Connector(name); !configs.Chained(c.Config) {
		return nil
	}
	return v.resetQueue(ctx, name)
}

// stand is an API as a source partition.
type stand struct {
	n       int // its transactional id's number
	api     connector.API
	machine *poll.Machine
}

// stands are the connector's APIs by the URL of their source partition.
func (v View) stands(name string) (map[string]stand, error) {
	c, known := v.Herder.Connector(name)
	if !known {
		return nil, api.NotFound(name)
	}
	config, err := v.Parse(c.Config)
	if err != nil {
		return nil, answer(name, err)
	}
	urls := make([]string, len(config.APIs))
	machines := make([]*poll.Machine, len(config.APIs))
	for i, a := range config.APIs {
		if machines[i], err = poll.New(config.BaseURL, a); err != nil {
			return nil, err
		}
		urls[i] = machines[i].URL()
	}
	out := map[string]stand{}
	for i, p := range offsets.Partitions(name, urls) {
		out[p.URL] = stand{config.APIs[i].N - 1, config.APIs[i], machines[i]}
	}
	return out, nil
}

// alter makes the record of one change. An offset that its API could not go on from is refused; one that no API has any
// more can still be forgotten.
func (v View) alter(name string, stands map[string]stand, c api.OffsetChange) (stand, record.Message, error) {
	url, ok := c.Partition["url"]
	s, known := stands[url]
	if !ok || len(c.Partition) != 1 {
		if ok && !known && slices.ContainsFunc(slices.Collect(maps.Values(stands)), func(s stand) bool { return s.api.Child }) {
			return s, record.Message{}, unknownURL(url, stands)
		}
		return stand{}, record.Message{}, errors.New(`partition must be {"url": "..."}, as GET .../offsets shows it`)
	}
	topic, p := v.OffsetsTopic, offsets.Partition{Connector: name, URL: url}
	if c.Offset == nil {
		return s, offsets.Tombstone(topic, p), nil
	}
	if !known {
		return s, record.Message{}, unknownURL(url, stands)
	}
	o, err := offset(c.Offset)
	if err != nil {
		return s, record.Message{}, err
	}
	if _, err := s.machine.Start(&o); err != nil {
		return s, record.Message{}, err
	}
	return s, offsets.Message(topic, p, o), nil
}

func unknownURL(url string, stands map[string]stand) error {
	return fmt.Errorf("no API of the connector has the URL %q; it has %q", url, slices.Sorted(maps.Keys(stands)))
}

// offset reads what a person wants for one.
func offset(wanted map[string]string) (o offsets.Offset, err error) {
	places := queue.Fields(&o)
	for key, value := range wanted {
		place, ok := places[key]
		if !ok {
			return o, fmt.Errorf("offset has no field %q; there are %q", key, slices.Sorted(maps.Keys(places)))
		}
		*place = value
	}
	return o, nil
}
