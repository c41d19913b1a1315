// Package shape is what goes over the REST API as JSON: Kafka Connect's shapes, and the few fields of ours in them. It is
// apart from package api so that the rooms which make the answers need not know the server.
package shape

import "time"

// Connector is a connector's configuration and that of its tasks, by id.
type Connector struct {
	Config map[string]string
	Tasks  []map[string]string
	// Target is what the connector is told to be: STARTED, PAUSED or STOPPED. Empty: its status says it.
	Target string
}

// Status is the body of GET /connectors/{name}/status. Name, Type and the order of Tasks are filled in.
type Status struct {
	Name      string         `json:"name"`
	Connector ConnectorState `json:"connector"`
	Tasks     []TaskStatus   `json:"tasks"`
	Type      string         `json:"type"`
}

// ConnectorState is the state of the connector itself: RUNNING, PAUSED, STOPPED, FAILED, UNASSIGNED or RESTARTING.
type ConnectorState struct {
	State    string `json:"state"`
	WorkerID string `json:"worker_id"`         // host:port of the worker that reported it
	Version  string `json:"version,omitempty"` // of the connector class, since Kafka 4.1
	Trace    string `json:"trace,omitempty"`   // why it failed
}

// TaskStatus is the state of a task. Headwater is an extension of ours that Connect's tools pass over.
type TaskStatus struct {
	ID        int       `json:"id"`
	State     string    `json:"state"`
	WorkerID  string    `json:"worker_id"`
	Version   string    `json:"version,omitempty"`
	Trace     string    `json:"trace,omitempty"`
	Headwater *Progress `json:"headwater,omitempty"`
}

// Progress says what a task's APIs are doing.
type Progress struct {
	APIs []APIProgress `json:"apis"`
}

// APIProgress says what one API is doing and what it waits for.
type APIProgress struct {
	API      int        `json:"api"`                 // the N of apiN
	Waiting  string     `json:"waiting,omitempty"`   // why no request is under way: interval, back-off, ...
	Until    *time.Time `json:"until,omitempty"`     // when that ends
	Reason   string     `json:"reason,omitempty"`    // why the last sweep ended
	LastPage *time.Time `json:"last_page,omitempty"` // when the last page was committed
	Records  int64      `json:"records_since_start"` // records committed since the task started
	// Queue is there for a child API: what this worker's lanes of the work queue hold of it.
	Queue *QueueProgress `json:"queue,omitempty"`
}

// QueueProgress is how many lanes of a work queue a worker has, and how many of an API's work items stand where.
type QueueProgress struct {
	Lanes   int   `json:"lanes"`
	Waiting int64 `json:"waiting"`
	Active  int64 `json:"active"`
	Idle    int64 `json:"idle"`
	Failed  int64 `json:"failed"`
	Ended   int64 `json:"ended"`
}

// Offset is a source partition and where it stands, as in KIP-875.
type Offset struct {
	Partition map[string]string `json:"partition"`
	Offset    map[string]string `json:"offset"`
}

// OffsetChange is what a client wants of one source partition: the offset to go on from, or nil to forget the one there
// is. Numbers and booleans of the request are their text here.
type OffsetChange struct {
	Partition map[string]string `json:"partition"`
	Offset    map[string]string `json:"offset"`
}

// Logger is the level of a logger: OFF, FATAL, ERROR, WARN, INFO, DEBUG, TRACE or ALL, and when it was set, in unix ms;
// nil when it never was.
type Logger struct {
	Level        string `json:"level"`
	LastModified *int64 `json:"last_modified"`
}
