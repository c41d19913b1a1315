package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/headwater/headwater/internal/api/access"
	"github.com/headwater/headwater/internal/api/body"
	"github.com/headwater/headwater/internal/api/requests"
)

// The managed service's API names an environment and a cluster before the connector. Any will do: this is the only one.
const (
	managedRoot = "/connect/v1/"
	managedAll  = managedRoot + "environments/{environment}/clusters/{cluster}/connectors"
)

// managedRoutes are the calls of the managed service, with its shapes of errors: those about offsets, and those about
// connectors that are Connect's own.
func (s *Server) managedRoutes() []route {
	const (
		one  = managedAll + "/{name}"
		last = one + "/offsets/request/status"
	)
	routes := []route{
		{method: "GET", pattern: one + "/offsets", about: "offsets now, as the managed service shows them", role: access.Viewer, run: s.managedOffsets},
		{method: "POST", pattern: one + "/offsets/request", about: "change (PATCH) or forget (DELETE) offsets: stops, changes, resumes", role: access.Operator, leader: true, run: s.request, takesBody: true},
		{method: "GET", pattern: last, about: "the last offset request and what became of it", role: access.Viewer, leader: true, run: s.requested},
	}
	also := map[string]bool{
		"GET /connectors": true, "POST /connectors": true, "GET /connectors/{name}": true, "DELETE /connectors/{name}": true,
		"GET /connectors/{name}/config": true, "PUT /connectors/{name}/config": true, "GET /connectors/{name}/status": true,
		"PUT /connectors/{name}/pause": true, "PUT /connectors/{name}/resume": true, "POST /connectors/{name}/restart": true,
	}
	for _, rt := range s.connectRoutes() {
		if also[rt.method+" "+rt.pattern] {
			rt.about = "as `" + rt.method + " " + rt.pattern + "`"
			rt.pattern = managedAll + strings.TrimPrefix(rt.pattern, "/connectors")
			routes = append(routes, rt)
		}
	}
	return routes
}

// managed reports whether a client of the managed service's API asks.
func managed(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, managedRoot) }

func managedError(e *Error) any {
	var v struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	v.Error.Code, v.Error.Message = e.Status, e.Message
	return v
}

func (s *Server) managedOffsets(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	name, _, err := s.find(r)
	if err == nil && s.opts.Offsets == nil {
		err = missing("Offsets are")
	}
	if err != nil {
		return answer{}, err
	}
	list, err := s.opts.Offsets.Offsets(ctx, name)
	return answer{status: http.StatusOK, body: requests.NewCurrent(name, list)}, err
}

// request takes a change of offsets; it is worked on after the answer.
func (s *Server) request(_ context.Context, r *http.Request, sent []byte) (answer, error) {
	kind, changes, err := body.OffsetRequest(sent)
	if err != nil {
		return answer{}, badBody(err)
	}
	name, _, err := s.find(r)
	if err == nil && (s.opts.Alterer == nil || s.opts.Lifecycle == nil || s.opts.Offsets == nil) {
		err = missing("Changing offsets is")
	}
	if err == nil && kind == requests.Patch {
		err = s.checkOffsets(name, changes)
	}
	if err != nil {
		return answer{}, err
	}
	taken, err := s.book.Post(name, kind, changes)
	switch {
	case errors.Is(err, requests.ErrPending):
		err = &Error{http.StatusConflict, err.Error()}
	case errors.Is(err, requests.ErrBusy):
		err = &Error{http.StatusTooManyRequests, err.Error()}
	}
	return answer{status: http.StatusAccepted, body: taken}, err
}

func (s *Server) requested(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	name, _, err := s.find(r)
	if err != nil {
		return answer{}, err
	}
	last, ok := s.book.Status(name)
	if !ok {
		return answer{}, &Error{http.StatusNotFound, "No offset request is known for connector " + name}
	}
	return answer{status: http.StatusOK, body: last}, nil
}

// newBook makes what works on offset requests.
func (s *Server) newBook() *requests.Book {
	c := requests.Config{
		Offsets: s.opts.Offsets, Alterer: s.opts.Alterer, State: s.wanted,
		Explain: func(err error) string { return asError(err).Message },
	}
	if s.opts.Lifecycle != nil {
		c.Target = s.opts.Lifecycle.Target
	}
	return requests.NewBook(c)
}
