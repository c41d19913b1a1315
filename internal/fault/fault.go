// Package fault is the one kind of error that crosses rooms: classified once, where the fact is known, and decided upon
// once, in worker.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what can be done about an error.
type Kind uint8

const (
	// Fatal needs a person: the task goes to FAILED. It is the zero value, so that what nobody classified is never
	// retried silently.
	Fatal Kind = iota
	// Retriable may be gone at the next try.
	Retriable
	// Permanent concerns one record or one response: the same bytes would fail again.
	Permanent
	// Fenced means that a newer producer holds the transactional id.
	Fenced
)

// String returns the kind in lower case.
func (k Kind) String() string {
	return [...]string{"fatal", "retriable", "permanent", "fenced"}[k]
}

// Error says what was tried, why it failed, whether it can heal and what a person can change.
type Error struct {
	Kind Kind
	// Op is what was tried, without a verb form of failure: "read offsets of github-issues".
	Op string
	// Hint tells what to change, naming the property. May be empty.
	Hint string
	// RetryAfter is the least time to wait before trying again; 0 leaves it to the caller.
	RetryAfter time.Duration
	// Report is what the error topic is told; nil when the error did not come from an API's answer.
	Report *Report
	// Err is the cause.
	Err error
}

// Error implements error: operation, cause, then the hint.
func (e *Error) Error() string {
	msg := fmt.Sprintf("%s: %v", e.Op, e.Err)
	if e.Hint != "" {
		msg += " (" + e.Hint + ")"
	}
	return msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first *Error in err's chain, Fatal when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Fatal
}

// Report is a failed API operation as the error topic shows it. A nil pointer is shown as null. It never holds
// credentials: URL is masked and request headers are not part of it.
type Report struct {
	Message         string  // header error_message
	Exception       *string // header exception
	ResponseContent *string // header response_content
	Status          *int    // header status_code: -1 without any answer, nil for a 2xx that could not be processed
	Payload         *string // header payload: the body that was sent
	Reason          *string // header reason_phrase
	URL             string  // header url
}
