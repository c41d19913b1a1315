// Package own answers Headwater's own calls below /headwater/v1: the cluster, assignments, explanations and work queues. It
// reads requests and asks the few small interfaces below.
package own

import (
	"context"
	"net/http"

	"github.com/headwater/headwater/internal/api/access"
	"github.com/headwater/headwater/internal/api/call"
	"github.com/headwater/headwater/internal/api/wire"
)

// Options are what these calls need. Without one of them its calls answer 501.
type Options struct {
	Cluster  Cluster
	Assigner Assigner
	Self     Self
	Queues   Queues
	Amender  Amender
}

// Calls are the calls of a server.
type Calls struct {
	Options
	// Find returns the connector that a request's path names, or why there is none.
	Find func(*http.Request) (string, error)
}

// Run answers a request with the body of a 200.
type Run func(ctx context.Context, r *http.Request, body []byte) (any, error)

// Route is one call.
type Route struct {
	Method, Pattern, About string
	Role                   access.Role // what a caller must be
	Leader                 bool        // only the leader can answer
	TakesBody              bool
	Run                    Run
}

// Routes are all calls, in the order of the reference.
func (c Calls) Routes() []Route {
	const (
		assignments = wire.Base + "/assignments"
		connector   = wire.Base + "/connectors/{name}"
		queue       = connector + "/queue"
		item        = queue + "/items/{id}"
	)
	return []Route{
		{Method: "GET", Pattern: wire.Base + "/cluster", About: "the workers, who leads, who drains", Role: access.Viewer, Run: c.cluster},
		{Method: "GET", Pattern: wire.Base + "/worker", About: "this worker", Role: access.Viewer, Run: c.worker},
		{Method: "GET", Pattern: assignments, About: "every task, its worker and why", Role: access.Viewer, Run: c.assignments},
		{Method: "POST", Pattern: assignments + "/plan", About: "what a change of the assignment would come to", Role: access.Viewer, Leader: true, Run: c.change(true), TakesBody: true},
		{Method: "POST", Pattern: assignments + "/apply", About: "pin, unpin, move, drain, undrain", Role: access.Operator, Leader: true, Run: c.change(false), TakesBody: true},
		{Method: "GET", Pattern: connector + "/explain", About: "why each API waits; with `scope=worker` only those of this worker", Role: access.Viewer, Run: c.explain},
		{Method: "GET", Pattern: queue, About: "the work queue of a connector with API chaining: items by state, lanes", Role: access.Viewer, Run: c.queue},
		{Method: "GET", Pattern: queue + "/items", About: "work items; `api`, `state`, `stored`, `after`, `limit`", Role: access.Viewer, Run: c.items},
		{Method: "GET", Pattern: item, About: "one work item", Role: access.Viewer, Run: c.item},
		{Method: "POST", Pattern: item + "/retry", About: "crawl an item now: one that failed, is done or has ended", Role: access.Operator, Run: c.amend(wire.ItemRetry)},
		{Method: "POST", Pattern: item + "/skip", About: "take an item for done, until its parent is emitted again", Role: access.Operator, Run: c.amend(wire.ItemSkip)},
	}
}

// missing says that this worker lacks what a call needs.
func missing(what string) error {
	return &call.Error{Status: http.StatusNotImplemented, Message: what + " not available on this worker"}
}

// bad is a fault of the client's.
func bad(text string) error { return &call.Error{Status: http.StatusBadRequest, Message: text} }
