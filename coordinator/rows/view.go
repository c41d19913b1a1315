package rows

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/internal/fault"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// View is what a reader knows after the records it applied, in the order of the topic. The messages in it are shared
// with its clones: they are replaced by later records and must never be changed.
type View struct {
	Leader *headwaterv1.Leader // nil: nobody has ever led
	Tasks  map[Task]*headwaterv1.Assignment
	Pins   map[Task]string                    // worker by task
	Drains map[string]*headwaterv1.Drain      // by worker
	Lanes  map[string]*headwaterv1.Assignment // by connector
}

// NewView returns a view that has read nothing.
func NewView() *View {
	return &View{
		Tasks: map[Task]*headwaterv1.Assignment{}, Pins: map[Task]string{}, Drains: map[string]*headwaterv1.Drain{},
		Lanes: map[string]*headwaterv1.Assignment{},
	}
}

// Clone returns a copy that can be read while v goes on.
func (v *View) Clone() *View {
	return &View{
		Leader: v.Leader, Tasks: maps.Clone(v.Tasks), Pins: maps.Clone(v.Pins), Drains: maps.Clone(v.Drains), Lanes: maps.Clone(v.Lanes),
	}
}

// Apply takes the next record; a nil value is a tombstone. An error (*fault.Error, Permanent) says that the record was
// skipped, and names its key: the caller logs it and goes on, what was known before stays. Fields that only a later
// version knows are kept.
func (v *View) Apply(key, value []byte) error {
	if err := v.apply(string(key), value); err != nil {
		return &fault.Error{
			Kind: fault.Permanent, Op: fmt.Sprintf("read assignment record %q", key), Err: err,
			Hint: "the record is skipped and the row before it stays; the leader writes this topic, nobody else should",
		}
	}
	return nil
}

func (v *View) apply(key string, value []byte) error {
	if key == LeaderKey {
		return v.leader(value)
	}
	if name, ok := strings.CutPrefix(key, prefixTask); ok {
		return v.task(name, value)
	}
	if name, ok := strings.CutPrefix(key, prefixPin); ok {
		return v.pin(name, value)
	}
	if worker, ok := strings.CutPrefix(key, prefixDrain); ok {
		return v.drain(worker, value)
	}
	if name, ok := strings.CutPrefix(key, prefixLanes); ok {
		return v.lanes(name, value)
	}
	return errors.New("no such kind of key")
}

// oldReason stands where Leader has the instance in rows of the versions before workers shared tasks, which wrote an
// Assignment there. No instance has that name: they are hexadecimal.
const oldReason = "static"

func (v *View) leader(value []byte) error {
	if value == nil {
		v.Leader = nil
		return nil
	}
	l := &headwaterv1.Leader{}
	if err := decode(value, l); err != nil {
		return err
	}
	switch {
	case l.GetInstance() == oldReason:
		return errors.New("it was written by a version in which one worker had all tasks")
	case l.GetWorker() == "":
		return errors.New("it names no worker")
	case l.GetEpoch() < 0:
		return fmt.Errorf("epoch %d is negative", l.GetEpoch())
	}
	v.Leader = l
	return nil
}

func (v *View) task(name string, value []byte) error {
	task, err := ParseTask(name)
	if err != nil {
		return err
	}
	return assign(v.Tasks, task, value)
}

func (v *View) lanes(name string, value []byte) error {
	if name == "" {
		return errors.New("the key names no connector")
	}
	return assign(v.Lanes, name, value)
}

// assign puts a row into its map.
func assign[K comparable](all map[K]*headwaterv1.Assignment, key K, value []byte) error {
	if value == nil {
		delete(all, key)
		return nil
	}
	a := &headwaterv1.Assignment{}
	if err := decode(value, a); err != nil {
		return err
	}
	if a.GetEpoch() < 0 || a.GetCrashCount() < 0 {
		return fmt.Errorf("epoch %d or crash count %d is negative", a.GetEpoch(), a.GetCrashCount())
	}
	all[key] = a
	return nil
}

func (v *View) pin(name string, value []byte) error {
	task, err := ParseTask(name)
	if err != nil {
		return err
	}
	if value == nil {
		delete(v.Pins, task)
		return nil
	}
	p := &headwaterv1.Pin{}
	if err := decode(value, p); err != nil {
		return err
	}
	if p.GetWorker() == "" {
		return errors.New("it names no worker")
	}
	v.Pins[task] = p.GetWorker()
	return nil
}

func (v *View) drain(worker string, value []byte) error {
	if worker == "" {
		return errors.New("the key names no worker")
	}
	if value == nil {
		delete(v.Drains, worker)
		return nil
	}
	d := &headwaterv1.Drain{}
	if err := decode(value, d); err != nil {
		return err
	}
	v.Drains[worker] = d
	return nil
}

// decode refuses, beside what is no protobuf, a known field of another type. Protobuf takes such a one for unknown, and a
// corrupt row, or one of another kind, would pass for an empty one.
func decode(value []byte, m proto.Message) error {
	if err := proto.Unmarshal(value, m); err != nil {
		return err
	}
	fields := m.ProtoReflect().Descriptor().Fields()
	for rest := []byte(m.ProtoReflect().GetUnknown()); len(rest) > 0; {
		number, _, length := protowire.ConsumeField(rest)
		if length < 0 {
			return protowire.ParseError(length)
		}
		if f := fields.ByNumber(number); f != nil {
			return fmt.Errorf("its field %s is of another type", f.Name())
		}
		rest = rest[length:]
	}
	return nil
}
