// Package configs is the codec and the reader's state machine of Kafka Connect's config topic (connect-configs): which
// records say what, in which order they are written, and what a reader has to make of them. It is pure: it does no I/O,
// keeps no clock, and a State is not safe for concurrent use.
//
// Records are written to the byte as a Kafka Connect worker with schemaless JSON converters writes them, so that a real
// one can start on our topic and we on its.
package configs

import (
	"slices"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/connectjson"
	"github.com/headwater/headwater/internal/record"
)

// Target is what a person wants of a connector.
type Target string

// The target states. Stopped came with KIP-875; readers older than that see PAUSED.
const (
	Started Target = "STARTED"
	Paused  Target = "PAUSED"
	Stopped Target = "STOPPED"
)

// SessionKey signs what workers send each other (KIP-507).
type SessionKey struct {
	Key       []byte
	Algorithm string // a Java name: HmacSHA256
	Created   int64  // Unix milliseconds
}

// Topic writes the records of the config topic of this name. Every sequence is meant to be committed whole and in the
// order given; two sequences may share a transaction.
type Topic string

// Create announces a connector. An initial state goes first, so that no reader starts what is to begin paused; without one
// (the empty Target) no target state is written at all (KIP-980).
func (t Topic) Create(name string, config map[string]string, initial Target) []record.Message {
	if initial == "" {
		return t.Put(name, config)
	}
	return slices.Concat(t.TargetState(name, initial), t.Put(name, config))
}

// Put replaces a connector's configuration.
func (t Topic) Put(name string, config map[string]string) []record.Message {
	return []record.Message{t.message(prefixConnector+name, properties(config))}
}

// TaskSet replaces a connector's tasks: every task, even an unchanged one, then the commit that makes them visible. A
// real worker starts a task only if its configuration names its task.class. An empty set is the commit alone.
func (t Topic) TaskSet(name string, tasks []map[string]string) []record.Message {
	list := make([]record.Message, 0, len(tasks)+1)
	for i, config := range tasks {
		list = append(list, t.message(prefixTask+name+"-"+strconv.Itoa(i), properties(config)))
	}
	return append(list, t.message(prefixCommit+name, count("tasks", len(tasks))))
}

// TargetState sets what is wanted of a connector. Stopping is an empty TaskSet followed by this.
func (t Topic) TargetState(name string, target Target) []record.Message {
	return []record.Message{t.message(prefixTarget+name, targetState(target))}
}

// Fence records that the transactional ids of count tasks were fenced, which lets the tasks of the last commit start
// (KIP-618).
func (t Topic) Fence(name string, tasks int) []record.Message {
	return []record.Message{t.message(prefixFencing+name, count("task-count", tasks))}
}

// Session publishes the key that workers sign with.
func (t Topic) Session(key SessionKey) []record.Message {
	return []record.Message{t.message(sessionKey, session(key))}
}

// LogLevel asks every worker to log as from level (KIP-976).
func (t Topic) LogLevel(logger, level string) []record.Message {
	value := connectjson.AppendString([]byte(`{"level":`), level)
	return []record.Message{t.message(prefixLogger+logger, append(value, '}'))}
}

// ReadLogLevel reads what LogLevel wrote; false for every other record.
func ReadLogLevel(m record.Message) (logger, level string, ok bool) {
	logger, ok = strings.CutPrefix(string(m.Key), prefixLogger)
	var v struct {
		Level string `json:"level"`
	}
	if !ok || decode(m.Value, &v) != nil {
		return "", "", false
	}
	return logger, v.Level, true
}

// Delete removes a connector and its target state. As in Connect its task, commit and fencing records stay: they mean
// nothing without the connector's own.
func (t Topic) Delete(name string) []record.Message {
	return []record.Message{t.message(prefixConnector+name, nil), t.message(prefixTarget+name, nil)}
}

func (t Topic) message(key string, value []byte) record.Message {
	return record.Message{Topic: string(t), Key: []byte(key), Value: value}
}
