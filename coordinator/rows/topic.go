package rows

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// LeaderKey is the key of the row that says who writes the topic.
const LeaderKey = "leader"

// The keys of the other rows.
const (
	prefixTask  = "task/"
	prefixPin   = "pin/"
	prefixDrain = "drain/"
	prefixLanes = "lanes/"
)

// TaskKey returns the key of a task's row.
func TaskKey(task Task) []byte { return []byte(prefixTask + task.String()) }

// Topic writes the records of the assignments topic of this name. Only the leader may write them.
type Topic string

// Task says who is to run a task; nil: the task is gone.
func (t Topic) Task(task Task, a *headwaterv1.Assignment) record.Message {
	return message(t, string(TaskKey(task)), a, a == nil)
}

// Pin ties a task to a worker; "": to none any more.
func (t Topic) Pin(task Task, worker string) record.Message {
	return message(t, prefixPin+task.String(), &headwaterv1.Pin{Worker: worker}, worker == "")
}

// Drain keeps a worker without tasks; nil: it may have some again.
func (t Topic) Drain(worker string, d *headwaterv1.Drain) record.Message {
	return message(t, prefixDrain+worker, d, d == nil)
}

// Lanes says for which configuration the lanes of a connector's work queue may run; nil: it has none. Who runs which lane
// is the word of the queue's consumer group: the row names no worker.
func (t Topic) Lanes(connector string, a *headwaterv1.Assignment) record.Message {
	return message(t, prefixLanes+connector, a, a == nil)
}

// Leader says who leads; nil: nobody.
func (t Topic) Leader(l *headwaterv1.Leader) record.Message {
	return message(t, LeaderKey, l, l == nil)
}

func message(t Topic, key string, m proto.Message, tombstone bool) record.Message {
	if tombstone {
		return record.Message{Topic: string(t), Key: []byte(key)}
	}
	return record.Message{Topic: string(t), Key: []byte(key), Value: encode(m)}
}

// encode never returns nil, which would be a tombstone. Text that is not UTF-8 is all that protobuf refuses in these
// messages, so its bad bytes are replaced first.
func encode(m proto.Message) []byte {
	m = headwaterv1.Stamped(m)
	options := proto.MarshalOptions{Deterministic: true}
	value, err := options.MarshalAppend([]byte{}, m)
	if err == nil {
		return value
	}
	m = proto.Clone(m)
	readable(m.ProtoReflect())
	if value, err = options.MarshalAppend([]byte{}, m); err != nil {
		return []byte{}
	}
	return value
}

func readable(m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if field.Kind() == protoreflect.StringKind {
			m.Set(field, protoreflect.ValueOfString(strings.ToValidUTF8(v.String(), "\uFFFD")))
		}
		return true
	})
}
