package call

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Handler answers requests by routes. It is safe for concurrent use.
type Handler struct {
	opts   Options
	mux    *http.ServeMux
	calls  gate
	probes gate
}

// New returns a Handler of routes; two of them for the same requests are a panic.
func New(routes []Route, opts Options) *Handler {
	h := &Handler{opts: opts, mux: http.NewServeMux(), calls: make(gate, MaxCalls), probes: make(gate, maxProbes)}
	methods := map[string][]string{}
	for _, rt := range routes {
		h.mux.Handle(rt.Method+" "+rt.Pattern, h.serve(rt))
		methods[rt.Pattern] = append(methods[rt.Pattern], rt.Method)
	}
	for pattern, allowed := range methods {
		h.mux.Handle(pattern, h.otherMethod(strings.Join(allowed, ", ")))
	}
	h.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { h.refuse(w, r, ErrNoRoute) })
	return h
}

// Drain returns when no request is under way, or with an error when ctx ends first.
func (h *Handler) Drain(ctx context.Context) error {
	return errors.Join(h.calls.drain(ctx), h.probes.drain(ctx))
}

// ServeHTTP is what every request passes first: it must come to this worker by its own name, not from a page of another
// site in someone's browser, and its path must be plain.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch origin := r.Header.Get("Origin"); {
	case !h.opts.Local(r.Host):
		h.refuse(w, r, errHost)
		return
	case origin != "" && !sameHost(origin, r.Host), r.Header.Get("Sec-Fetch-Site") == "cross-site":
		h.refuse(w, r, errOrigin)
		return
	}
	r, ok := h.plain(r)
	if !ok { // ServeMux would redirect
		h.refuse(w, r, ErrNoRoute)
		return
	}
	h.mux.ServeHTTP(w, r)
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

// plain takes one trailing slash, which Connect's tools put, off the path, and the prefix. It reports whether what is left
// has no empty and no dot segments.
func (h *Handler) plain(r *http.Request) (*http.Request, bool) {
	escaped := r.URL.EscapedPath()
	cut := func(from func(string) string) {
		u := *r.URL
		u.Path, u.RawPath = from(u.Path), from(u.RawPath)
		r2 := *r
		r2.URL, r = &u, &r2
		escaped = u.EscapedPath()
	}
	if len(escaped) > 1 && strings.HasSuffix(escaped, "/") {
		cut(func(p string) string { return strings.TrimSuffix(p, "/") })
	}
	if h.opts.Prefix != "" && strings.HasPrefix(escaped, h.opts.Prefix+h.opts.Prefixed) {
		cut(func(p string) string { return strings.TrimPrefix(p, h.opts.Prefix) })
	}
	return r, path.Clean(escaped) == escaped && strings.HasPrefix(escaped, "/")
}

func (h *Handler) otherMethod(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		h.refuse(w, r, errMethod)
	}
}
