package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/headwater/headwater/internal/api/access"
	"github.com/headwater/headwater/internal/api/call"
)

// answer is what a call comes to. A nil body is an empty one.
type answer struct {
	status   int
	body     any
	location string
}

// handler answers a request whose body, if the route takes one, was read already.
type handler func(ctx context.Context, r *http.Request, body []byte) (answer, error)

// route is a row of the API.
type route struct {
	method, pattern string
	about           string                     // for docs/reference/rest.md and GET /openapi.json
	role            access.Role                // what a caller must be
	leader          bool                       // only the leader can answer
	leaderIf        func(r *http.Request) bool // as leader, for some requests
	run             handler
	takesBody       bool
	raw             http.Handler           // instead of run
	limit           time.Duration          // default call.Limit
	failed          func(err error) answer // default: an error body
	probe           bool                   // let in by the gate of the probes
}

// handle makes what answers requests by the routes.
func (s *Server) handle() *call.Handler {
	var routes []call.Route
	for _, rt := range s.routes() {
		routes = append(routes, rt.open())
	}
	return call.New(routes, call.Options{
		Guard: s.opts.Guard, Voucher: s.opts.Voucher, Forward: s.opts.Forward, Failed: failure, Local: s.at.Local,
		Prefix: "/api", Prefixed: managedRoot, Log: s.opts.Log, // the managed service's documents have this before its own calls
	})
}

func (rt route) open() call.Route {
	out := call.Route{
		Method: rt.method, Pattern: rt.pattern, Role: rt.role, TakesBody: rt.takesBody, Raw: rt.raw, Within: rt.limit, Probe: rt.probe,
		Leader: rt.leaderIf,
		Run: func(ctx context.Context, r *http.Request, body []byte) (call.Answer, error) {
			a, err := rt.run(ctx, r, body)
			return call.Answer{Status: a.status, Body: a.body, Location: a.location}, err
		},
	}
	if rt.leader {
		out.Leader = func(*http.Request) bool { return true }
	}
	if rt.failed != nil {
		out.Failed = func(r *http.Request, err error) call.Answer {
			if refused, ok := errors.AsType[*call.Error](err); ok {
				return failure(r, refused)
			}
			a := rt.failed(err)
			return call.Answer{Status: a.status, Body: a.body}
		}
	}
	return out
}

// failure words an error, in the shape that clients of the path expect.
func failure(r *http.Request, err error) call.Answer {
	e := asError(err)
	if managed(r) {
		return call.Answer{Status: e.Status, Body: managedError(e)}
	}
	return call.Answer{Status: e.Status, Body: struct {
		Code    int    `json:"error_code"`
		Message string `json:"message"`
	}{e.Status, e.Message}}
}
