package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/headwater/headwater/internal/api/access"
	"github.com/headwater/headwater/internal/api/body"
	"github.com/headwater/headwater/internal/api/wire"
)

// ClusterOptions are what the API under /headwater/v1 needs. Without them it answers 501.
type ClusterOptions struct {
	Cluster  Cluster
	Assigner Assigner
	Self     Self
}

// Cluster is who is there and who runs what.
type Cluster interface {
	// View lists the workers.
	View(ctx context.Context) (wire.Cluster, error)
	// Assignments lists the tasks of all connectors.
	Assignments(ctx context.Context) (wire.Assignments, error)
	// Explain says what each API of a connector is doing, asking the workers that run them.
	Explain(ctx context.Context, name string) (wire.Explain, error)
}

// Assigner changes who runs what.
type Assigner interface {
	// Change returns what a change comes to and, unless dry, makes it.
	Change(ctx context.Context, c wire.Change, dry bool) (wire.Moves, error)
}

// Self is this worker alone.
type Self interface {
	// Worker describes it.
	Worker(ctx context.Context) (wire.Worker, error)
	// ExplainOwn is Explain of the tasks that it runs, without asking others.
	ExplainOwn(name string) []wire.API
}

// clusterRoutes are Headwater's own calls.
func (s *Server) clusterRoutes() []route {
	const assignments = wire.Base + "/assignments"
	return []route{
		{method: "GET", pattern: wire.Base + "/cluster", about: "the workers, who leads, who drains", role: access.Viewer, run: s.cluster},
		{method: "GET", pattern: wire.Base + "/worker", about: "this worker", role: access.Viewer, run: s.worker},
		{method: "GET", pattern: assignments, about: "every task, its worker and why", role: access.Viewer, run: s.assignments},
		{method: "POST", pattern: assignments + "/plan", about: "what a change of the assignment would come to", role: access.Viewer, leader: true, run: s.change(true), takesBody: true},
		{method: "POST", pattern: assignments + "/apply", about: "pin, unpin, move, drain, undrain", role: access.Operator, leader: true, run: s.change(false), takesBody: true},
		{
			method: "GET", pattern: wire.Base + "/connectors/{name}/explain", about: "why each API waits; with `scope=worker` only those of this worker",
			role: access.Viewer, run: s.explain,
		},
	}
}

func (s *Server) cluster(ctx context.Context, _ *http.Request, _ []byte) (answer, error) {
	if s.opts.Cluster == nil {
		return answer{}, missing("The cluster's members are")
	}
	c, err := s.opts.Cluster.View(ctx)
	c.Workers = append([]wire.Worker{}, c.Workers...)
	return answer{status: http.StatusOK, body: c}, err
}

func (s *Server) worker(ctx context.Context, _ *http.Request, _ []byte) (answer, error) {
	if s.opts.Self == nil {
		return answer{}, missing("The cluster's members are")
	}
	w, err := s.opts.Self.Worker(ctx)
	return answer{status: http.StatusOK, body: w}, err
}

func (s *Server) assignments(ctx context.Context, _ *http.Request, _ []byte) (answer, error) {
	if s.opts.Cluster == nil {
		return answer{}, missing("Assignments are")
	}
	a, err := s.opts.Cluster.Assignments(ctx)
	a.Tasks = append([]wire.Task{}, a.Tasks...)
	return answer{status: http.StatusOK, body: a}, err
}

// change makes the calls behind plan and apply.
func (s *Server) change(dry bool) handler {
	return func(ctx context.Context, _ *http.Request, sent []byte) (answer, error) {
		if s.opts.Assigner == nil {
			return answer{}, missing("Changing assignments is")
		}
		var c wire.Change
		if err := body.Decode(sent, &c); err != nil {
			return answer{}, badBody(err)
		}
		if err := c.Validate(); err != nil {
			return answer{}, &Error{http.StatusBadRequest, fmt.Sprintf("The change cannot be made: %s", err)}
		}
		m, err := s.opts.Assigner.Change(ctx, c, dry)
		m.Moves = append([]wire.Move{}, m.Moves...)
		return answer{status: http.StatusOK, body: m}, err
	}
}

func (s *Server) explain(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	name, _, err := s.find(r)
	if err != nil {
		return answer{}, err
	}
	if s.opts.Cluster == nil || s.opts.Self == nil {
		return answer{}, missing("Explanations are")
	}
	e := wire.Explain{Connector: name}
	if r.URL.Query().Get("scope") == "worker" {
		e.APIs = s.opts.Self.ExplainOwn(name)
	} else if e, err = s.opts.Cluster.Explain(ctx, name); err != nil {
		return answer{}, err
	}
	e.APIs = append([]wire.API{}, e.APIs...)
	return answer{status: http.StatusOK, body: e}, nil
}
