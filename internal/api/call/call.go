// Package call is the way of a request from the network to the function that answers it: let in, routed, admitted, its
// body read, sent on to the leader or called, answered within a limit. What the answers are is not its business.
package call

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/headwater/headwater/internal/api/access"
)

const (
	// Limit is how long a client waits at most, as with Connect.
	Limit = 90 * time.Second
	// MaxBody is how long a request's body may be, in bytes.
	MaxBody = 1 << 20
)

// Answer is what a call comes to. A nil Body is an empty one.
type Answer struct {
	Status   int
	Body     any
	Location string
}

// Func answers a request whose body, if the route takes one, was read already.
type Func func(ctx context.Context, r *http.Request, body []byte) (Answer, error)

// Route says which requests a function answers, and under which conditions.
type Route struct {
	Method, Pattern string      // as http.ServeMux has them
	Role            access.Role // what a caller must be
	// Leader reports whether only the leader can answer; nil: any worker can.
	Leader    func(r *http.Request) bool
	Run       Func
	Raw       http.Handler // instead of Run
	TakesBody bool
	// Within is how long Run may take. Default Limit.
	Within time.Duration
	// Failed words an error. Default Options.Failed.
	Failed func(r *http.Request, err error) Answer
	// Probe lets requests in by a gate of their own.
	Probe bool
}

// Guard says who may do what.
type Guard interface {
	// Admit returns nil when the caller of r has the needed role. An *access.Error and other errors with a status of their
	// own are answered as they are, any other with 403.
	Admit(r *http.Request, needed access.Role) error
}

// Voucher knows requests that another worker has admitted and sends on.
type Voucher interface {
	// Vouched reports whether r claims to be one.
	Vouched(r *http.Request) bool
	// Vouch checks the claim and returns r as sent by the caller whom the other worker admitted, for the Guard. Errors are as
	// those of Guard.Admit.
	Vouch(r *http.Request, body []byte) (*http.Request, error)
}

// Forwarder sends a request on to the worker that leads.
type Forwarder interface {
	// Forward answers r by asking the leader; false, with nothing written, when this worker is to answer itself. body is
	// what was read of r's body.
	Forward(w http.ResponseWriter, r *http.Request, body []byte) (done bool)
}

// Options are what a Handler needs. Guard, Voucher and Forward may be nil: everybody may do everything, here.
type Options struct {
	Guard   Guard
	Voucher Voucher
	Forward Forwarder
	// Failed words an error for the client of r. Errors of this package are an *Error.
	Failed func(r *http.Request, err error) Answer
	// Local reports whether a Host header names this worker.
	Local func(host string) bool
	// Prefix is cut off before a path that begins with it and Prefixed.
	Prefix, Prefixed string
	Log              *slog.Logger
}

// Error is a request that did not get as far as its function.
type Error struct {
	Status  int
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Denied is the error of a Guard or Voucher: 403, unless what is in it has a status of its own.
type Denied struct{ Err error }

// Error implements error.
func (e *Denied) Error() string { return e.Err.Error() }

// Unwrap returns what the Guard or Voucher said.
func (e *Denied) Unwrap() error { return e.Err }

// Errors of requests, with the texts that Connect's framework has.
var (
	ErrNoRoute = &Error{http.StatusNotFound, "HTTP 404 Not Found"}
	errMethod  = &Error{http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed"}
	errMedia   = &Error{http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type"}
	errTooLong = &Error{http.StatusRequestEntityTooLarge, "HTTP 413: the request body is larger than 1 MiB"}
	errBusy    = &Error{http.StatusServiceUnavailable, "HTTP 503: too many requests at once, try again"}
	errRead    = &Error{http.StatusBadRequest, "The request body could not be read"}
	errPanic   = &Error{http.StatusInternalServerError, "Internal error; the worker's log has more"}
	errHost    = &Error{http.StatusForbidden, "HTTP 403: the Host header does not name this worker"}
	errOrigin  = &Error{http.StatusForbidden, "HTTP 403: requests from pages of other sites are refused"}
)
