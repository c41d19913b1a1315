// Package wire is the JSON of Headwater's own API below /headwater/v1, as server and client share it. Fields that a reader
// does not know are passed over, so that workers and tools of two versions understand each other; times are RFC 3339.
package wire

import "time"

// Base is what the paths of this API begin with.
const Base = "/headwater/v1"

// What the other workers say of one.
const (
	Alive   = "alive"
	Suspect = "suspect" // did not answer lately
	Dead    = "dead"
	Unknown = "unknown" // never heard of by gossip; the group may still count it in
)

// Cluster is who is there.
type Cluster struct {
	Group string `json:"group"`
	// Epoch counts the leader's passes that changed an assignment.
	Epoch int64 `json:"epoch"`
	// Leader is the name of the worker that assigns, empty while there is none.
	Leader  string   `json:"leader"`
	Workers []Worker `json:"workers"`
}

// Worker is one member of the cluster.
type Worker struct {
	Name string `json:"name"`
	// Instance tells one process from the next under the same name.
	Instance string `json:"instance"`
	URL      string `json:"url"` // of its REST API
	Version  string `json:"version"`
	Protocol int    `json:"protocol"` // of what workers tell each other
	State    string `json:"state"`
	Leader   bool   `json:"leader"`
	Draining bool   `json:"draining"`
	// DrainReason is why nothing is assigned to it, empty while it is not draining.
	DrainReason string `json:"drain_reason"`
	// Tasks is how many tasks are assigned to it.
	Tasks int `json:"tasks"`
	// Load is how many records a second it commits, 0 when it is not known.
	Load    float64   `json:"load"`
	Started time.Time `json:"started,omitzero"`
}

// Assignments is who runs what.
type Assignments struct {
	Epoch int64  `json:"epoch"`
	Tasks []Task `json:"tasks"`
}

// Task is a task and its owner.
type Task struct {
	Task      string   `json:"task"` // connector/id
	Connector string   `json:"connector"`
	ID        int      `json:"id"`
	APIs      []string `json:"apis"`   // what it polls: api1, api2
	Worker    string   `json:"worker"` // empty: nobody
	Epoch     int64    `json:"epoch"`  // of the pass that assigned it
	Reason    string   `json:"reason"` // why it is there
	// Since is when it was assigned.
	Since time.Time `json:"since,omitzero"`
	// Pinned is the worker that somebody asked for, empty when nobody did.
	Pinned string `json:"pinned"`
	// Crashes counts the workers that were lost while they ran it.
	Crashes int `json:"crashes"`
}

// Moves is what a Change comes to.
type Moves struct {
	Moves []Move `json:"moves"`
}

// Move is a task that changes hands. An empty From or To is nobody.
type Move struct {
	Task   string `json:"task"`
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// Explain is what a connector is doing, API by API.
type Explain struct {
	Connector string `json:"connector"`
	State     string `json:"state"`
	APIs      []API  `json:"apis"`
}

// API is what one API is doing and why it is not doing more. State is a task's state in Connect's words, or UNKNOWN when its
// worker does not answer.
type API struct {
	API    int    `json:"api"` // the N of apiN
	Task   int    `json:"task"`
	Worker string `json:"worker"`
	State  string `json:"state"`
	// Waiting is why no request is under way: interval, commit, rate limit, token, "retry: ...". Empty while it works.
	Waiting string    `json:"waiting"`
	Until   time.Time `json:"until,omitzero"` // when that ends, zero when nobody knows
	// Reason is why the last sweep ended.
	Reason   string    `json:"reason"`
	LastPage time.Time `json:"last_page,omitzero"` // when a page was last committed
	// Records, Pages and Rejected count what was committed since the task started; Rejected went to the error topic.
	Records  int64  `json:"records"`
	Pages    int64  `json:"pages"`
	Rejected int64  `json:"rejected"`
	Trace    string `json:"trace"` // why it failed
	// Queue and Lanes are there for a child API: its work items, and what its lanes wait for.
	Queue *QueueAPI      `json:"queue,omitempty"`
	Lanes []ExplainLanes `json:"lanes,omitempty"`
}

// ExplainLanes are the lanes of a work queue that wait for the same.
type ExplainLanes struct {
	Waiting string    `json:"waiting"`        // as in API
	Lanes   int       `json:"lanes"`          // how many
	Workers []string  `json:"workers"`        // whose they are
	Until   time.Time `json:"until,omitzero"` // when the first wait ends
	Trace   string    `json:"trace"`          // why the first of them failed
}
