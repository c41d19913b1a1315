// Package status is the codec of Kafka Connect's status topic (connect-status), to the byte, and the reader's table of it.
// The topic is for eyes: nothing decides on it. The package is pure, and a Table is not safe for concurrent use.
package status

import (
	"strconv"
	"time"

	"github.com/headwater/headwater/internal/connectjson"
	"github.com/headwater/headwater/internal/record"
)

// State is what a connector or task is doing.
type State string

// The states that are stored. A connector or task that is gone has a tombstone.
const (
	Unassigned State = "UNASSIGNED"
	Running    State = "RUNNING"
	Paused     State = "PAUSED"
	Stopped    State = "STOPPED" // connectors only
	Failed     State = "FAILED"
	Restarting State = "RESTARTING"
)

// Status is one report about a connector or task.
type Status struct {
	State      State
	Trace      string // why it failed; empty: null
	WorkerID   string // host:port of the worker that reports
	Generation int64  // of the group, under which it reports
	Version    string // of the connector class, since Kafka 4.1; empty: null
}

// Replaces reports whether a worker may put s in the place of the newest status it knows, nil for none. What says that
// something is well always may; FAILED and UNASSIGNED may not replace what another worker reported under a later
// generation, so that a slow old owner does not hide the new one.
func (s Status) Replaces(known *Status) bool {
	if s.State != Failed && s.State != Unassigned {
		return true
	}
	return known == nil || known.WorkerID == s.WorkerID || known.Generation <= s.Generation
}

// Topic writes the records of the status topic of this name.
type Topic string

// Report reports the state of a connector or task.
func (t Topic) Report(k Key, s Status) record.Message { return t.message(k, encode(s)) }

// Connector reports a connector's state.
func (t Topic) Connector(name string, s Status) record.Message {
	return t.Report(Key{Kind: OfConnector, Connector: name}, s)
}

// Task reports a task's state.
func (t Topic) Task(name string, id int, s Status) record.Message {
	return t.Report(Key{Kind: OfTask, Connector: name, Task: id}, s)
}

// TopicUse reports that a task of a connector has produced to a topic (KIP-558).
func (t Topic) TopicUse(topic, connector string, task int, at time.Time) record.Message {
	b := connectjson.AppendString([]byte(`{"topic":{"name":`), topic)
	b = connectjson.AppendString(append(b, `,"connector":`...), connector)
	b = strconv.AppendInt(append(b, `,"task":`...), int64(task), 10)
	b = strconv.AppendInt(append(b, `,"discoverTimestamp":`...), at.UnixMilli(), 10)
	return t.message(Key{Kind: OfTopic, Connector: connector, Topic: topic}, append(b, "}}"...))
}

// Remove says that what k stands for is gone. With a connector a reader forgets its tasks too; their records need
// tombstones of their own to leave the topic.
func (t Topic) Remove(k Key) record.Message { return t.message(k, nil) }

func (t Topic) message(k Key, value []byte) record.Message {
	return record.Message{Topic: string(t), Key: []byte(k.String()), Value: value}
}

func encode(s Status) []byte {
	b := connectjson.AppendString([]byte(`{"state":`), string(s.State))
	b = appendOrNull(append(b, `,"trace":`...), s.Trace)
	b = connectjson.AppendString(append(b, `,"worker_id":`...), s.WorkerID)
	b = strconv.AppendInt(append(b, `,"generation":`...), s.Generation, 10)
	b = appendOrNull(append(b, `,"version":`...), s.Version)
	return append(b, '}')
}

func appendOrNull(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return connectjson.AppendString(b, s)
}
