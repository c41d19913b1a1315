package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"
)

const (
	// answerLimit is how long a client waits at most, as with Connect.
	answerLimit = 90 * time.Second
	maxBody     = 1 << 20
)

// answer is what a call comes to. A nil body is an empty one.
type answer struct {
	status   int
	body     any
	location string
}

// call answers a request whose body, if the route takes one, was read already.
type call func(ctx context.Context, r *http.Request, body []byte) (answer, error)

// route is a row of the API.
type route struct {
	method, pattern string
	about           string // for docs/reference/rest.md
	run             call
	takesBody       bool
	raw             http.Handler           // instead of run
	limit           time.Duration          // default answerLimit
	failed          func(err error) answer // default: Connect's error body
	probe           bool                   // let in by the gate of the probes
}

// serve makes a route a handler: let in, body read, call made, answer written.
func (s *Server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g := s.calls
		if rt.probe {
			g = s.probes
		}
		if !g.enter() {
			w.Header().Set("Retry-After", "1")
			fail(w, errBusy)
			return
		}
		if rt.raw != nil {
			defer g.leave()
			rt.raw.ServeHTTP(w, r)
			return
		}
		body, err := readBody(w, r, rt.takesBody)
		if err != nil {
			g.leave()
			fail(w, asError(err))
			return
		}
		a, err := s.within(r, rt, body, g.leave)
		switch {
		case err == nil:
			reply(w, a)
		case rt.failed != nil:
			reply(w, rt.failed(err))
		default:
			fail(w, asError(err))
		}
	})
}

// within makes the call and stops waiting for it at the route's limit, even when what it asks does not heed its context. The
// place at the gate is given back only when the call is really over, which bounds what can pile up.
func (s *Server) within(r *http.Request, rt route, body []byte, leave func()) (answer, error) {
	limit := rt.limit
	if limit == 0 {
		limit = answerLimit
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	type result struct {
		answer
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer leave()
		a, err := s.safely(ctx, rt.run, r, body)
		done <- result{a, err}
	}()
	select {
	case res := <-done:
		return res.answer, res.err
	case <-ctx.Done():
		return answer{}, fmt.Errorf("the worker did not answer within %s: %w", limit, ctx.Err())
	}
}

// safely turns a panic into an error of this one request.
func (s *Server) safely(ctx context.Context, run call, r *http.Request, body []byte) (a answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.opts.Log.Error("panic in REST handler", "pattern", r.Pattern, "panic", p, "stack", string(debug.Stack()))
			err = &Error{http.StatusInternalServerError, "Internal error; the worker's log has more"}
		}
	}()
	return run(ctx, r, body)
}

func readBody(w http.ResponseWriter, r *http.Request, wanted bool) ([]byte, error) {
	if !wanted {
		return nil, nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, errMedia
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, errTooLong
	}
	if err != nil {
		return nil, &Error{http.StatusBadRequest, "The request body could not be read"}
	}
	return body, nil
}

// fail writes Connect's error body.
func fail(w http.ResponseWriter, e *Error) {
	reply(w, answer{status: e.Status, body: struct {
		Code    int    `json:"error_code"`
		Message string `json:"message"`
	}{e.Status, e.Message}})
}

func reply(w http.ResponseWriter, a answer) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a.body); err != nil { // our own shapes always encode
		panic(http.ErrAbortHandler)
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(a.status)
	_, _ = w.Write(text) // the client may have gone
}
