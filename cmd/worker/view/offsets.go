package view

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// fields are what a person may see and set of a stored offset: the rest are marks of ours.
func fields(o *offsets.Offset) map[string]*string {
	return map[string]*string{
		"offset": &o.Offset, "start_time": &o.StartTime, "end_time": &o.EndTime, "primary_key": &o.PrimaryKey,
	}
}

// Offsets implements api.Offsets.
func (v View) Offsets(ctx context.Context, name string) ([]api.Offset, error) {
	stored, err := v.Store.List(ctx, name)
	if err != nil {
		return nil, err
	}
	var out []api.Offset
	for _, s := range stored {
		shown := map[string]string{"offset": s.Offset.Offset}
		for key, value := range fields(&s.Offset) {
			if *value != "" {
				shown[key] = *value
			}
		}
		out = append(out, api.Offset{Partition: map[string]string{"url": s.Partition.URL}, Offset: shown})
	}
	return out, nil
}

// Alter writes offsets of a stopped connector, each under the transactional id of its API, so that nobody who is late can
// write after it (KIP-875).
func (v View) Alter(ctx context.Context, name string, changes []api.OffsetChange) error {
	messages, err := v.messages(name, changes)
	if err != nil {
		return err
	}
	return answer(name, v.Herder.Alter(ctx, name, messages))
}

// CheckOffsets says what is wrong with changes, whatever the connector is doing.
func (v View) CheckOffsets(name string, changes []api.OffsetChange) error {
	_, err := v.messages(name, changes)
	return err
}

// messages are the changes' records by the transactional id that they belong to.
func (v View) messages(name string, changes []api.OffsetChange) (map[string][]record.Message, error) {
	stands, err := v.stands(name)
	if err != nil {
		return nil, err
	}
	messages := map[string][]record.Message{}
	for i, c := range changes {
		s, m, err := v.alter(name, stands, c)
		if err != nil {
			return nil, &api.Error{Status: http.StatusBadRequest, Message: fmt.Sprintf("offsets[%d]: %s", i, err)}
		}
		id := connector.TransactionalID(v.GroupID, name, s.n)
		messages[id] = append(messages[id], m)
	}
	return messages, nil
}

// Reset forgets all offsets of a stopped connector.
func (v View) Reset(ctx context.Context, name string) error {
	stored, err := v.Offsets(ctx, name)
	if err != nil {
		return err
	}
	changes := make([]api.OffsetChange, len(stored))
	for i, s := range stored {
		changes[i] = api.OffsetChange{Partition: s.Partition}
	}
	return v.Alter(ctx, name, changes)
}

// stand is an API as a source partition.
type stand struct {
	n       int // its transactional id's number
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
		out[p.URL] = stand{config.APIs[i].N - 1, machines[i]}
	}
	return out, nil
}

// alter makes the record of one change. An offset that its API could not go on from is refused; one that no API has any
// more can still be forgotten.
func (v View) alter(name string, stands map[string]stand, c api.OffsetChange) (stand, record.Message, error) {
	url, ok := c.Partition["url"]
	if !ok || len(c.Partition) != 1 {
		return stand{}, record.Message{}, errors.New(`partition must be {"url": "..."}, as GET .../offsets shows it`)
	}
	topic, p := v.OffsetsTopic, offsets.Partition{Connector: name, URL: url}
	s, known := stands[url]
	if c.Offset == nil {
		return s, offsets.Tombstone(topic, p), nil
	}
	if !known {
		return s, record.Message{}, fmt.Errorf("no API of the connector has the URL %q; it has %q", url, slices.Sorted(maps.Keys(stands)))
	}
	o := offsets.Offset{}
	places := fields(&o)
	for key, value := range c.Offset {
		place, ok := places[key]
		if !ok {
			return s, record.Message{}, fmt.Errorf("offset has no field %q; there are %q", key, slices.Sorted(maps.Keys(places)))
		}
		*place = value
	}
	if _, err := s.machine.Start(&o); err != nil {
		return s, record.Message{}, err
	}
	return s, offsets.Message(topic, p, o), nil
}
