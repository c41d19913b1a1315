package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/headwater/headwater/internal/api/access"
	"github.com/headwater/headwater/internal/api/body"
	"github.com/headwater/headwater/internal/api/call"
	"github.com/headwater/headwater/internal/api/forward"
	"github.com/headwater/headwater/internal/fault"
)

// Error is an error with the HTTP status that it is answered with. Message goes to the client as it is.
type Error struct {
	Status  int
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// NotFound says that there is no such connector.
func NotFound(name string) *Error {
	return &Error{http.StatusNotFound, fmt.Sprintf("Connector %s not found", name)}
}

// Exists says that a connector of that name is there already.
func Exists(name string) *Error {
	return &Error{http.StatusConflict, fmt.Sprintf("Connector %s already exists", name)}
}

// Conflict says that the request came at a bad moment and is worth repeating. Connect's tools know this text and try again.
func Conflict() *Error {
	return &Error{
		http.StatusConflict, "Cannot complete request because of a conflicting operation (e.g. worker rebalance)",
	}
}

// Invalid says what is wrong with a configuration, one line a fault.
func Invalid(faults ...string) *Error {
	return &Error{http.StatusBadRequest, fmt.Sprintf(
		"Connector configuration is invalid and contains the following %d error(s):\n%s\n"+
			"The endpoint `/connector-plugins/{connectorType}/config/validate` shows them too",
		len(faults), strings.Join(faults, "\n"),
	)}
}

// NotStopped says that a connector's offsets can be changed only while it is stopped (KIP-875).
func NotStopped(name string) *Error {
	return &Error{http.StatusBadRequest, fmt.Sprintf("Connectors must be in the STOPPED state before their offsets can be "+
		"modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/%s/stop' endpoint", name)}
}

// badBody is a 400. Connect answers some of these with 500, but the fault is the client's, and alarms on 5xx should stay
// meaningful.
func badBody(err error) *Error {
	if faults, ok := errors.AsType[body.Faults](err); ok {
		return Invalid(faults...)
	}
	return &Error{http.StatusBadRequest, err.Error()}
}

// asError finds the status of err: its own, that of its fault kind, or 500.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*call.Error](err); ok {
		return &Error{e.Status, e.Message}
	}
	if e, ok := errors.AsType[*access.Error](err); ok {
		return &Error{e.Status, e.Message}
	}
	if e, ok := errors.AsType[*forward.Error](err); ok {
		return &Error{e.Status, e.Message}
	}
	if e, ok := errors.AsType[*call.Denied](err); ok {
		return &Error{http.StatusForbidden, "HTTP 403: " + e.Error()}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{http.StatusInternalServerError, "Request timed out. " + err.Error()}
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		switch f.Kind {
		case fault.Permanent:
			return &Error{http.StatusBadRequest, f.Error()}
		case fault.Fenced:
			return Conflict()
		}
	}
	return &Error{http.StatusInternalServerError, err.Error()}
}
