package client

// Info is Connect's ConnectorInfo. Secrets in Config are masked by the worker.
type Info struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []TaskID          `json:"tasks"`
	Type   string            `json:"type"`
}

// TaskID names a task.
type TaskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

// Task is a task's configuration.
type Task struct {
	ID     TaskID            `json:"id"`
	Config map[string]string `json:"config"`
}

// Status is the state of a connector and its tasks.
type Status struct {
	Name      string      `json:"name"`
	Connector State       `json:"connector"`
	Tasks     []TaskState `json:"tasks"`
	Type      string      `json:"type"`
}

// State is what a connector is doing: RUNNING, PAUSED, STOPPED, FAILED, UNASSIGNED or RESTARTING.
type State struct {
	State  string `json:"state"`
	Worker string `json:"worker_id"`
	Trace  string `json:"trace,omitempty"` // why it failed
}

// TaskState is what a task is doing.
type TaskState struct {
	ID int `json:"id"`
	State
}

// Offsets is where a connector stands, as KIP-875 has it.
type Offsets struct {
	Offsets []Offset `json:"offsets"`
}

// Offset is a source partition and where it stands. A nil Offset in an alteration removes the partition's.
type Offset struct {
	Partition map[string]any `json:"partition"`
	Offset    map[string]any `json:"offset"`
}

// Message is what some changes are answered with.
type Message struct {
	Message string `json:"message"`
}

// Root is a worker's version and its Kafka cluster.
type Root struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Cluster string `json:"kafka_cluster_id"`
}

// Health is whether a worker has started.
type Health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// Plugin is a connector class.
type Plugin struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version"`
}

// Validation is what a configuration comes to.
type Validation struct {
	Name    string      `json:"name"`
	Errors  int         `json:"error_count"`
	Configs []Validated `json:"configs"`
}

// Validated is a property and what is wrong with it.
type Validated struct {
	Value struct {
		Name   string   `json:"name"`
		Value  *string  `json:"value"`
		Errors []string `json:"errors"`
	} `json:"value"`
}

// Level is a logger's level; LastModified is in Unix milliseconds, nil when it was never changed.
type Level struct {
	Level        string `json:"level"`
	LastModified *int64 `json:"last_modified"`
}
