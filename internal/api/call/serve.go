package call

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

	"github.com/headwater/headwater/internal/api/access"
)

// serve makes a route a handler: let in, admitted, body read, sent on or called, answer written.
func (h *Handler) serve(rt Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g := h.calls
		if rt.Probe {
			g = h.probes
		}
		if !g.enter() {
			w.Header().Set("Retry-After", "1")
			h.refuse(w, r, errBusy)
			return
		}
		handed := false // the place at the gate was handed on, to whom still works when the client has its answer
		defer func() {
			if !handed {
				g.leave()
			}
		}()
		r, body, err := h.admit(w, r, rt)
		switch {
		case err != nil:
			h.refuse(w, r, err)
		case rt.Raw != nil:
			rt.Raw.ServeHTTP(w, r)
		case h.forwarded(w, r, rt, body):
		default:
			handed = true
			h.answer(w, r, rt, body, g.leave)
		}
	})
}

func (h *Handler) forwarded(w http.ResponseWriter, r *http.Request, rt Route, body []byte) bool {
	return h.opts.Forward != nil && rt.Leader != nil && rt.Leader(r) && h.opts.Forward.Forward(w, r, body)
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, rt Route, body []byte, leave func()) {
	a, err := h.within(r, rt, body, leave)
	switch {
	case err == nil:
		reply(w, a)
	case rt.Failed != nil:
		reply(w, rt.Failed(r, err))
	default:
		h.refuse(w, r, err)
	}
}

// admit sees to who calls, and reads the body. That of a stranger is not read; that of a request another worker vouches
// for is, since its signature covers it.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, rt Route) (*http.Request, []byte, error) {
	vouched := h.opts.Voucher != nil && h.opts.Voucher.Vouched(r)
	if !vouched {
		if err := h.allowed(r, rt.Role); err != nil {
			return r, nil, err
		}
	}
	body, err := readBody(w, r, rt.TakesBody)
	if err != nil || !vouched {
		return r, body, err
	}
	as, err := h.opts.Voucher.Vouch(r, body)
	if err != nil {
		return r, nil, &Denied{err}
	}
	return as, body, h.allowed(as, rt.Role)
}

func (h *Handler) allowed(r *http.Request, needed access.Role) error {
	if h.opts.Guard == nil || needed == access.Open {
		return nil
	}
	if err := h.opts.Guard.Admit(r, needed); err != nil {
		return &Denied{err}
	}
	return nil
}

// within makes the call and stops waiting for it at the route's limit, even when what it asks does not heed its context. The
// place at the gate is given back only when the call is really over, which bounds what can pile up.
func (h *Handler) within(r *http.Request, rt Route, body []byte, leave func()) (Answer, error) {
	limit := rt.Within
	if limit == 0 {
		limit = Limit
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	type result struct {
		Answer
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer leave()
		a, err := h.safely(ctx, rt.Run, r, body)
		done <- result{a, err}
	}()
	select {
	case res := <-done:
		return res.Answer, res.err
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("the worker did not answer within %s: %w", limit, ctx.Err())
	}
}

// safely turns a panic into an error of this one request.
func (h *Handler) safely(ctx context.Context, run Func, r *http.Request, body []byte) (a Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			h.opts.Log.Error("panic in REST handler", "pattern", r.Pattern, "panic", p, "stack", string(debug.Stack()))
			err = errPanic
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
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, errTooLong
	}
	if err != nil {
		return nil, errRead
	}
	return body, nil
}

// refuse answers with an error.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if e, ok := errors.AsType[*access.Error](err); ok {
		for _, c := range e.Challenge {
			w.Header().Add("WWW-Authenticate", c)
		}
		if e.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
		}
	}
	reply(w, h.opts.Failed(r, err))
}

func reply(w http.ResponseWriter, a Answer) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if a.Location != "" {
		h.Set("Location", a.Location)
	}
	if a.Body == nil {
		w.WriteHeader(a.Status)
		return
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a.Body); err != nil { // our own shapes always encode
		panic(http.ErrAbortHandler)
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(a.Status)
	_, _ = w.Write(text) // the client may have gone
}
