// Package api is the door for people: Kafka Connect's REST API, in its paths, shapes, codes and texts, so that the tools
// made for Connect drive Headwater.
//
// The package decides nothing. It reads requests, asks the few small interfaces below, which cmd/worker hands in, and
// writes answers. Every answer that holds a configuration goes through Options.Mask first.
package api

import (
	"context"
	"log/slog"
	"net/http"
)

// Reader is what this worker knows by itself; it answers from memory.
type Reader interface {
	// Names lists the connectors in the order of their names.
	Names() []string
	// Connector returns the configuration of name, false when there is none.
	Connector(name string) (Connector, bool)
	// Status returns the state of name, false when none is known.
	Status(name string) (Status, bool)
}

// Writer changes which connectors there are. Its methods return when what they wrote is visible to the Reader. Errors
// worth a code of their own are an *Error, made by Invalid, Exists, NotFound or Conflict.
type Writer interface {
	// Create makes a connector that must not exist. initial is a target state, STARTED, PAUSED or STOPPED, or empty when
	// none was given.
	Create(ctx context.Context, name string, config map[string]string, initial string) error
	// Put replaces the configuration of name, or creates it.
	Put(ctx context.Context, name string, config map[string]string) error
	// Delete removes name; its offsets stay.
	Delete(ctx context.Context, name string) error
}

// Lifecycle starts and stops connectors that exist. All its methods may be called again without harm.
type Lifecycle interface {
	// Target asks for state, one of STARTED, PAUSED, STOPPED.
	Target(ctx context.Context, name, state string) error
	// Restart starts tasks of name again: none, all, or only those that failed.
	Restart(ctx context.Context, name string, includeTasks, onlyFailed bool) error
	// RestartTask starts one task again; an unknown one is a NotFound.
	RestartTask(ctx context.Context, name string, task int) error
}

// Offsets shows where a connector stands.
type Offsets interface {
	// Offsets lists the source partitions of name that have an offset.
	Offsets(ctx context.Context, name string) ([]Offset, error)
}

// Validator checks configurations without contacting the API that they name.
type Validator interface {
	// Definitions lists the properties of a plugin class.
	Definitions(class string) []Definition
	// Validate returns one Validated for every defined property and for every other property with a fault.
	Validate(ctx context.Context, config map[string]string) ([]Validated, error)
}

// Options are what the server needs. Fields without a default must be set, those said to be optional answer 501 when
// absent.
type Options struct {
	// Listener is what is in the property listeners: http://host:port. The host must be this machine's loopback; port 0 takes
	// any free one. Default http://127.0.0.1:8083.
	Listener string
	// Version and Commit are what GET / shows.
	Version, Commit string
	// ClusterID is the Kafka cluster's id, empty until known.
	ClusterID func() string
	Reader    Reader
	Writer    Writer
	Lifecycle Lifecycle // optional
	Offsets   Offsets   // optional
	Validator Validator // optional
	// Plugins are the connector classes that can be created. Empty: any name is passed on to the Writer.
	Plugins []Plugin
	// Mask returns config with secrets replaced, leaving the rest and references such as ${file:...} as they are. It must not
	// change its argument.
	Mask func(config map[string]string) map[string]string
	// Health says whether the worker has started. An error, or no answer within 10 s, means unhealthy.
	Health func(ctx context.Context) (Stage, error)
	// Metrics answers GET /metrics. Optional.
	Metrics http.Handler
	// Log is told of panics in handlers and of the HTTP library's complaints. Default slog.Default().
	Log *slog.Logger
}

// Stage is how far the start of the worker has come.
type Stage struct {
	Ready  bool
	Detail string // what it waits for, for people; may be empty
}
