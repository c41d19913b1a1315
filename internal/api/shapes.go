package api

import "time"

// Connector is a connector's configuration and that of its tasks, by id.
type Connector struct {
	Config map[string]string
	Tasks  []map[string]string
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
}

// Offset is a source partition and where it stands, as in KIP-875.
type Offset struct {
	Partition map[string]string `json:"partition"`
	Offset    map[string]string `json:"offset"`
}

// Plugin is a connector class.
type Plugin struct {
	Class   string   `json:"class"`
	Type    string   `json:"type"` // source
	Version string   `json:"version,omitempty"`
	Aliases []string `json:"-"` // other values of connector.class that mean the same
}

// Definition describes a property, as in KIP-769. Order and OrderInGroup are the same number: 4.2 renamed it.
type Definition struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"` // BOOLEAN STRING INT SHORT LONG DOUBLE LIST CLASS PASSWORD
	Required      bool     `json:"required"`
	Default       *string  `json:"default_value"`
	Importance    string   `json:"importance"` // HIGH MEDIUM LOW
	Documentation string   `json:"documentation"`
	Group         string   `json:"group"`
	OrderInGroup  int      `json:"order_in_group"`
	Width         string   `json:"width"` // NONE SHORT MEDIUM LONG
	DisplayName   string   `json:"display_name"`
	Dependents    []string `json:"dependents"`
	Order         int      `json:"order"`
}

// Value is a property's value and what is wrong with it.
type Value struct {
	Name        string   `json:"name"`
	Value       *string  `json:"value"`
	Recommended []string `json:"recommended_values"`
	Errors      []string `json:"errors"`
	Visible     bool     `json:"visible"`
}

// Validated is a property after validation; Definition is nil for one that is not defined.
type Validated struct {
	Definition *Definition `json:"definition"`
	Value      Value       `json:"value"`
}
