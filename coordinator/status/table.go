package status

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/fault"
)

const (
	prefixConnector = "status-connector-"
	prefixTask      = "status-task-"
	prefixTopic     = "status-topic-"
	behindTopic     = ":connector-"
)

func taskKey(name string, id int) string { return prefixTask + name + "-" + strconv.Itoa(id) }

func topicKey(topic, connector string) string { return prefixTopic + topic + behindTopic + connector }

// Table is what a reader knows after the records it applied, in the order of each partition.
type Table struct {
	connectors map[string]Status
	tasks      map[string]map[int]Status
	topics     map[string]map[string]struct{} // by connector
}

// NewTable returns an empty table.
func NewTable() *Table {
	return &Table{
		connectors: map[string]Status{}, tasks: map[string]map[int]Status{}, topics: map[string]map[string]struct{}{},
	}
}

// Connector returns the newest status of a connector, nil when there is none.
func (t *Table) Connector(name string) *Status { return found(t.connectors, name) }

// Task returns the newest status of a task, nil when there is none.
func (t *Table) Task(name string, id int) *Status { return found(t.tasks[name], id) }

// Tasks lists the ids of a connector's tasks that have a status, ascending.
func (t *Table) Tasks(name string) []int { return slices.Sorted(maps.Keys(t.tasks[name])) }

// Topics lists the topics that a connector has produced to, by name.
func (t *Table) Topics(connector string) []string {
	return slices.Sorted(maps.Keys(t.topics[connector]))
}

func found[K comparable](m map[K]Status, k K) *Status {
	if s, ok := m[k]; ok {
		return &s
	}
	return nil
}

// Apply takes the next record; a nil value is a tombstone. An error (*fault.Error, Permanent) says that the record was
// skipped, and names its key: the caller logs it and goes on.
func (t *Table) Apply(key, value []byte) error {
	if err := t.apply(string(key), value); err != nil {
		return &fault.Error{Kind: fault.Permanent, Op: fmt.Sprintf("read status record %q", key), Err: err}
	}
	return nil
}

func (t *Table) apply(key string, value []byte) error {
	if name, ok := strings.CutPrefix(key, prefixConnector); ok {
		return t.connector(name, value)
	}
	if rest, ok := strings.CutPrefix(key, prefixTask); ok {
		return t.task(rest, value)
	}
	if rest, ok := strings.CutPrefix(key, prefixTopic); ok {
		return t.topic(rest, value)
	}
	return errors.New("no such kind of key")
}

func (t *Table) connector(name string, value []byte) error {
	if value == nil {
		delete(t.connectors, name)
		delete(t.tasks, name)
		return nil
	}
	return put(t.connectors, name, value)
}

func (t *Table) task(rest string, value []byte) error {
	cut := strings.LastIndexByte(rest, '-')
	id, err := strconv.Atoi(rest[cut+1:])
	if cut < 0 || err != nil || id < 0 {
		return errors.New("the key does not end in a task id")
	}
	name := rest[:cut]
	if value == nil {
		delete(t.tasks[name], id)
		return nil
	}
	if t.tasks[name] == nil {
		t.tasks[name] = map[int]Status{}
	}
	return put(t.tasks[name], id, value)
}

// put stores a status, save an UNASSIGNED that comes behind the RUNNING of the same or a later generation: the old owner
// wrote it, late.
func put[K comparable](m map[K]Status, k K, value []byte) error {
	s, err := decode(value)
	if err != nil {
		return err
	}
	if known, ok := m[k]; ok && s.State == Unassigned && known.State == Running && known.Generation >= s.Generation {
		return nil
	}
	m[k] = s
	return nil
}

// topic takes the record of a topic's use. A topic's name cannot hold a colon, so the first one ends it.
func (t *Table) topic(rest string, value []byte) error {
	topic, connector, ok := strings.Cut(rest, behindTopic)
	if !ok {
		return errors.New("the key names no connector")
	}
	if value == nil {
		delete(t.topics[connector], topic)
		return nil
	}
	if t.topics[connector] == nil {
		t.topics[connector] = map[string]struct{}{}
	}
	t.topics[connector][topic] = struct{}{}
	return nil
}

func decode(value []byte) (Status, error) {
	var v struct {
		State      State   `json:"state"`
		Trace      *string `json:"trace"`
		WorkerID   *string `json:"worker_id"`
		Generation *int64  `json:"generation"`
		Version    *string `json:"version"`
	}
	if err := json.Unmarshal(value, &v, jsontext.AllowInvalidUTF8(true)); err != nil {
		return Status{}, err
	}
	switch v.State {
	case Unassigned, Running, Paused, Stopped, Failed, Restarting:
	default:
		return Status{}, fmt.Errorf("state %q is not known", v.State)
	}
	if v.WorkerID == nil || v.Generation == nil {
		return Status{}, errors.New("worker_id and generation must be there")
	}
	return Status{v.State, text(v.Trace), *v.WorkerID, *v.Generation, text(v.Version)}, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
