package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is a worker's refusal.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Message is what the worker said.
	Message string
	// Hint is what to do about it, or empty.
	Hint string
	// Server is the base URL of the worker that said so.
	Server string

	after time.Duration
}

// Error implements error: message, status, hint.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s (%s answered %d)", strings.TrimSuffix(e.Message, "."), e.Server, e.Status)
	if e.Hint != "" {
		text += "\n" + e.Hint
	}
	return text
}

// rebalancing are Kafka Connect's texts for a bad moment, the words of Connect itself and ours.
var rebalancing = []string{"rebalance", "stale configuration", "conflicting operation", "no known leader"}

// Momentary says whether the same request is worth repeating. A 409 that says that something exists is not.
func (e *Error) Momentary() bool {
	switch e.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return true
	case http.StatusConflict, http.StatusInternalServerError:
		for _, text := range rebalancing {
			if strings.Contains(e.Message, text) {
				return true
			}
		}
	}
	return false
}

// refusal reads Connect's error body, or makes do with what there is.
func refusal(server string, r request, resp *http.Response, body []byte) *Error {
	var said struct {
		Message string `json:"message"`
	}
	e := &Error{Status: resp.StatusCode, Server: server, after: retryAfter(resp.Header)}
	ours := json.Unmarshal(body, &said) == nil && said.Message != ""
	if e.Message = said.Message; !ours {
		e.Message = fmt.Sprintf("%s %s: %s", r.method, r.path, http.StatusText(resp.StatusCode))
	}
	e.Hint = hint(e, ours)
	return e
}

func hint(e *Error, ours bool) string {
	switch {
	case e.Status == http.StatusUnauthorized:
		return "give credentials that this cluster knows: HEADWATER_TOKEN, a token file, a user file or a client certificate"
	case e.Status == http.StatusForbidden:
		return "ask for a role that may do this: viewer reads, operator runs, editor configures, admin deletes"
	case e.Status == http.StatusNotImplemented, strings.HasPrefix(e.Message, "HTTP 404"), strings.HasPrefix(e.Message, "HTTP 405"):
		return "this worker has no such call: it may be an older one, or Kafka Connect"
	case e.Momentary():
		return "the cluster was busy with a change the whole time: try again, and look at the workers' logs if it stays so"
	case e.Status >= 300 && e.Status < 400:
		return "redirects are not followed: give the address of the worker itself"
	case !ours:
		return "this does not look like a worker's REST API: look at the server's address and at proxies in between"
	}
	return ""
}

// Unreachable says that no worker answered.
type Unreachable struct {
	// Tried are the servers and why each did not answer, in the order of trying.
	Tried []Attempt
	// Unsure says that the request may have been carried out all the same, and was not repeated for that reason.
	Unsure bool
}

// Attempt is a server that did not answer.
type Attempt struct {
	Server string
	Err    error
}

func (u *Unreachable) add(server string, err error) { u.Tried = append(u.Tried, Attempt{server, err}) }

// Error implements error: who was asked, why it failed, what to do.
func (u *Unreachable) Error() string {
	var b strings.Builder
	b.WriteString("no worker answers")
	for _, a := range u.Tried {
		fmt.Fprintf(&b, "\n  %s: %v", a.Server, a.Err)
	}
	if u.Unsure {
		b.WriteString("\nthe request may have been carried out all the same: look before you repeat it")
	}
	return b.String()
}

// Unwrap returns what went wrong with each server.
func (u *Unreachable) Unwrap() []error {
	all := make([]error, len(u.Tried))
	for i, a := range u.Tried {
		all[i] = a.Err
	}
	return all
}
