// Package api is the door for people: Kafka Connect's REST API, in its paths, shapes, codes and texts, so that the tools
// made for Connect drive Headwater.
//
// The package decides nothing. It reads requests, asks the few small interfaces below, which cmd/worker hands in, and
// writes answers. Every answer that holds a configuration goes through Options.Mask first.
package api

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"github.com/headwater/headwater/internal/api/call"
	"github.com/headwater/headwater/internal/api/listener"
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

// Alterer changes where a stopped connector stands (KIP-875). The API asks it only when the Reader shows the connector as
// STOPPED and without tasks; it makes sure of that itself, and returns NotStopped when it is not so. Faults of what a
// client wants, as a partition that the connector does not have, are an *Error or a fault.Permanent.
type Alterer interface {
	// Alter sets, or with a nil offset forgets, the offsets of the partitions in changes, all or none. Others stay.
	Alter(ctx context.Context, name string, changes []OffsetChange) error
	// Reset forgets all offsets of name; that there are none is no error.
	Reset(ctx context.Context, name string) error
}

// Topics is which topics a connector has written to (KIP-558).
type Topics interface {
	// ActiveTopics lists the topics that name has written to since the last reset, none when there is no such connector.
	ActiveTopics(name string) []string
	// ResetTopics forgets them.
	ResetTopics(ctx context.Context, name string) error
}

// Loggers sets what is logged (KIP-495, KIP-976). Levels are those of Connect: OFF, FATAL, ERROR, WARN, INFO, DEBUG, TRACE,
// ALL. The logger root is that of all others.
type Loggers interface {
	// Loggers returns the loggers of this worker whose level is known.
	Loggers() map[string]Logger
	// SetLevel sets a logger and those below it on this worker and returns their names.
	SetLevel(logger, level string) ([]string, error)
	// SetClusterLevel sets it on all workers.
	SetClusterLevel(ctx context.Context, logger, level string) error
}

// What stands between a request and its answer; package call says more.
type (
	Guard     = call.Guard
	Voucher   = call.Voucher
	Forwarder = call.Forwarder
)

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
	ClusterOptions
	// Listener is what is in the property listeners: http://host:port or https://host:port; port 0 takes any free one. Other
	// hosts than loopback need TLS and a Guard. Default http://127.0.0.1:8083.
	Listener string
	// TLS is the certificate of an https listener, else nil.
	TLS *listener.TLS
	// Names are other names by which this worker is called, as the host that it advertises.
	Names []string
	// Opened is Listener when it was opened already; nil: Start opens it.
	Opened net.Listener
	// Version and Commit are what GET / shows.
	Version, Commit string
	// ClusterID is the Kafka cluster's id, empty until known.
	ClusterID func() string
	Reader    Reader
	Writer    Writer
	Lifecycle Lifecycle // optional
	Offsets   Offsets   // optional
	Alterer   Alterer   // optional
	Loggers   Loggers   // optional
	Validator Validator // optional
	// CheckOffsets says what is wrong with changes before a connector is stopped for them. Optional: the Alterer says it then.
	CheckOffsets func(name string, changes []OffsetChange) error
	// Topics is nil when topic.tracking.enable is false: 403.
	Topics Topics
	// KeepTopics is the opposite of topic.tracking.allow.reset: resetting is answered with 403.
	KeepTopics bool
	// Guard is asked about every request but those that anybody may send. Nil: everybody may do everything.
	Guard Guard
	// Voucher is asked about every request before the Guard. Optional.
	Voucher Voucher
	// Forward is given every request that only the leader can answer. Nil: this worker answers all.
	Forward Forwarder
	// Plugins are the classes that can be named in a configuration. No connector among them: any is passed on to the Writer.
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
