// Package reporter is the shell around Kafka Connect's status topic: it says there what this worker's connectors and
// tasks do, and answers what everybody's do. Reports never wait for Kafka: they go into a queue that keeps the newest one
// of each key, which one goroutine (Run) sends. Nothing decides on the topic, so a report that is late or lost harms
// nobody; but what this worker has reported it shows at once, sent or not.
package reporter

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/internal/record"
)

// Config says what a Reporter works with.
type Config struct {
	Topic    status.Topic // status.storage.topic
	WorkerID string       // what rows name as worker_id: the advertised host:port, as in Connect
	Version  string       // of the connector class, in the rows since Kafka 4.1; empty: null
	// Send writes records to the topic by murmur2 of their key and returns when all are acknowledged, or an error. It must
	// not send anything any more after it has returned. Only one call runs at a time.
	Send func(context.Context, []record.Message) error
	Log  *slog.Logger
	// Tracking is topic.tracking.enable: without it Uses does nothing.
	Tracking bool
}

// Reporter writes and reads the status topic. It is safe for concurrent use, and no method but Run and Flush waits.
type Reporter struct {
	config Config
	wake   chan struct{} // holds one: something is queued
	turn   chan struct{} // holds one: who has it may send

	mu      sync.Mutex
	table   *status.Table
	own     map[status.Key]*row
	queue   []status.Key // of the rows in own that wait, oldest first
	refused int          // reports that found no room since the last time there was some
}

// New returns a reporter that knows nothing yet: feed it with Read, and run Run.
func New(c Config) *Reporter {
	r := &Reporter{
		config: c, wake: make(chan struct{}, 1), turn: make(chan struct{}, 1),
		table: status.NewTable(), own: map[status.Key]*row{},
	}
	r.turn <- struct{}{}
	return r
}

// Task reports a task's state; trace says why it failed (else empty) and is cut to 4 KB. FAILED and UNASSIGNED are left
// out where another worker has reported under a later generation (Connect's putSafe).
func (r *Reporter) Task(connector string, id int, s status.State, trace string, generation int64) {
	r.report(status.Key{Kind: status.OfTask, Connector: connector, Task: id}, s, trace, generation)
}

// Connector reports a connector's state, by the same rules as Task.
func (r *Reporter) Connector(name string, s status.State, trace string, generation int64) {
	r.report(status.Key{Kind: status.OfConnector, Connector: name}, s, trace, generation)
}

func (r *Reporter) report(k status.Key, s status.State, trace string, generation int64) {
	st := &status.Status{State: s, Trace: cut(trace), WorkerID: r.config.WorkerID, Generation: generation, Version: r.config.Version}
	r.mu.Lock()
	defer r.mu.Unlock()
	if st.Replaces(r.known(k)) {
		r.put(k, &row{status: st, message: r.config.Topic.Report(k, *st)})
	}
}

// Uses says that a task has produced to a topic: one record for each connector and topic, until ResetTopics (KIP-558).
func (r *Reporter) Uses(topic, connector string, task int, now time.Time) {
	if !r.config.Tracking {
		return
	}
	k := status.Key{Kind: status.OfTopic, Connector: connector, Topic: topic}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.uses(k) {
		r.put(k, &row{message: r.config.Topic.TopicUse(topic, connector, task, now)})
	}
}

// Removed says that a connector is gone, with these tasks and all others that are known of it.
func (r *Reporter) Removed(connector string, tasks []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := map[int]struct{}{}
	for _, id := range slices.Concat(tasks, r.table.Tasks(connector)) {
		gone[id] = struct{}{}
	}
	for k := range r.own {
		if k.Kind == status.OfTask && k.Connector == connector {
			gone[k.Task] = struct{}{}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		r.remove(status.Key{Kind: status.OfTask, Connector: connector, Task: id})
	}
	r.remove(status.Key{Kind: status.OfConnector, Connector: connector})
}

// TaskRemoved says that a task is gone: its connector has fewer now.
func (r *Reporter) TaskRemoved(connector string, id int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(status.Key{Kind: status.OfTask, Connector: connector, Task: id})
}

// ResetTopics forgets the topics that a connector has used; what it produces to from now on is said again.
func (r *Reporter) ResetTopics(connector string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, topic := range r.topics(connector) {
		r.remove(status.Key{Kind: status.OfTopic, Connector: connector, Topic: topic})
	}
}

// Status returns the newest status of a connector, nil when there is none, and of its tasks by id: what was read, and on
// top of it what this worker has reported and not read back yet.
func (r *Reporter) Status(connector string) (c *status.Status, tasks map[int]status.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tasks = map[int]status.Status{}
	for _, id := range r.table.Tasks(connector) {
		tasks[id] = *r.table.Task(connector, id)
	}
	for k, w := range r.own {
		switch {
		case k.Kind != status.OfTask || k.Connector != connector:
		case w.status == nil:
			delete(tasks, k.Task)
		default:
			tasks[k.Task] = *w.status
		}
	}
	return r.known(status.Key{Kind: status.OfConnector, Connector: connector}), tasks
}

// Topics lists the topics that a connector has produced to, by name.
func (r *Reporter) Topics(connector string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.topics(connector)
}
