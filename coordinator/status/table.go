package status

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/fault"
)

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
	k, err := ParseKey(key)
	if err == nil {
		err = t.apply(k, value)
	}
	if err != nil {
		return &fault.Error{Kind: fault.Permanent, Op: fmt.Sprintf("read status record %q", key), Err: err}
	}
	return nil
}

func (t *Table) apply(k Key, value []byte) error {
	switch k.Kind {
	case OfTask:
		return t.task(k, value)
	case OfTopic:
		t.topic(k, value)
		return nil
	}
	return t.connector(k.Connector, value)
}

func (t *Table) connector(name string, value []byte) error {
	if value == nil {
		delete(t.connectors, name)
		delete(t.tasks, name)
		return nil
	}
	s, err := decode(value)
	if err == nil {
		t.connectors[name] = s
	}
	return err
}

func (t *Table) task(k Key, value []byte) error {
	if value == nil {
		delete(t.tasks[k.Connector], k.Task)
		return nil
	}
	s, err := decode(value)
	if err != nil {
		return err
	}
	if known := t.Task(k.Connector, k.Task); known != nil && s.late(*known) {
		return nil
	}
	if t.tasks[k.Connector] == nil {
		t.tasks[k.Connector] = map[int]Status{}
	}
	t.tasks[k.Connector][k.Task] = s
	return nil
}

// late reports whether s is an old owner's UNASSIGNED that comes behind the RUNNING of the new one (KAFKA-12525). Connect
// passes over a worker's own UNASSIGNED too, when both are of one generation, and shows RUNNING for a task that was
// stopped in order; here the same worker is believed.
func (s Status) late(known Status) bool {
	if s.State != Unassigned || known.State != Running {
		return false
	}
	return known.Generation > s.Generation || known.Generation == s.Generation && known.WorkerID != s.WorkerID
}

func (t *Table) topic(k Key, value []byte) {
	if value == nil {
		delete(t.topics[k.Connector], k.Topic)
		return
	}
	if t.topics[k.Connector] == nil {
		t.topics[k.Connector] = map[string]struct{}{}
	}
	t.topics[k.Connector][k.Topic] = struct{}{}
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
