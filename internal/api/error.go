package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

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

// asError finds the status of err: its own, that of its fault kind, or 500.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
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

// routing texts, as Connect's framework has them.
var (
	errNoRoute = &Error{http.StatusNotFound, "HTTP 404 Not Found"}
	errMethod  = &Error{http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed"}
	errMedia   = &Error{http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type"}
	errTooLong = &Error{http.StatusRequestEntityTooLarge, "HTTP 413: the request body is larger than 1 MiB"}
	errBusy    = &Error{http.StatusServiceUnavailable, "HTTP 503: too many requests at once, try again"}
)
