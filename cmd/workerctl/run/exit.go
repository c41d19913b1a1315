package run

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/connector/document"
	"github.com/headwater/headwater/internal/connector/property"
)

// Exit codes: what a script may go by.
const (
	ExitOK           = 0
	ExitFailed       = 1
	ExitInput        = 2
	ExitSurroundings = 3
	ExitTimedOut     = 4
	ExitInterrupted  = 130
)

// ExitCodes is the table for people.
var ExitCodes = []struct {
	Code  int
	Means string
}{
	{ExitOK, "done, or shown"},
	{ExitFailed, "it failed: a worker could not do it, or what was waited for ended in FAILED"},
	{ExitInput, "your input: the command line, a file, credentials, a name that there is not, a configuration that is not valid"},
	{ExitSurroundings, "the surroundings: no worker answers, or the cluster is busy with a change for too long"},
	{ExitTimedOut, "timed out: what `--wait` waits for did not come within `--timeout`; the change itself was made"},
	{ExitInterrupted, "interrupted by a signal"},
}

// InputError is a fault in what a person gave.
type InputError struct{ Err error }

// Error implements error: the cause's text.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// Input wraps a fault in what a person gave.
func Input(err error) error { return &InputError{err} }

// UsageError is a command line that cannot be run, and the one to type instead.
type UsageError struct{ Problem, Line string }

// Error implements error: the problem, and on a line of its own what to type.
func (e *UsageError) Error() string { return e.Problem + "\ntype: " + e.Line }

// Usage says what is wrong with a command line, and what to type instead.
func Usage(problem, line string) error { return &UsageError{problem, line} }

// timeoutError says what did not come in time.
type timeoutError struct {
	what, detail string
	after        time.Duration
}

func (e *timeoutError) Error() string {
	text := fmt.Sprintf("timed out after %s: waited until %s", e.after, e.what)
	if e.detail != "" {
		text += "; now: " + e.detail
	}
	return text
}

// ErrShown ends a command whose output says already what is wrong.
var ErrShown = errors.New("see above")

// codeOf finds the exit code of an error.
func codeOf(err error) int {
	if err == nil {
		return ExitOK
	}
	if e, ok := errors.AsType[*client.Error](err); ok {
		return codeOfAnswer(e)
	}
	switch {
	case is[*UsageError](err), is[*InputError](err), is[*document.Error](err), is[*property.Fault](err), errors.Is(err, ErrShown):
		return ExitInput
	case is[*timeoutError](err):
		return ExitTimedOut
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case is[*client.Unreachable](err):
		return ExitSurroundings
	}
	return ExitFailed
}

func codeOfAnswer(e *client.Error) int {
	switch {
	case e.Momentary():
		return ExitSurroundings
	case e.Status >= 400 && e.Status < 500, e.Status == http.StatusNotImplemented:
		return ExitInput
	}
	return ExitFailed
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// Finish writes the error, if any, and returns the exit code.
func (t *Tool) Finish(ctx context.Context, err error) int {
	t.Doing("")
	if t.client != nil {
		t.client.Close()
	}
	code := codeOf(err)
	if ctx.Err() != nil && err != nil {
		code = ExitInterrupted
	}
	switch {
	case err == nil, errors.Is(err, ErrShown):
	case code == ExitInterrupted:
		t.Note("workerctl: interrupted")
	default:
		t.Note("workerctl: %v", err)
		if is[*client.Unreachable](err) {
			t.Note("where a worker is: --server http://host:8083, or %s", client.EnvServer)
		}
	}
	return code
}

// Missing says that an error is a 404 about what was asked for, not about the call.
func Missing(err error) bool {
	e, ok := errors.AsType[*client.Error](err)
	return ok && e.Status == http.StatusNotFound && !strings.HasPrefix(e.Message, "HTTP 404")
}
