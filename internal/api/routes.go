package api

import (
	"net/http"
	"path"
	"strings"
)

// routes is the API, a row a call, in the order of docs/reference/rest.md.
func (s *Server) routes() []route {
	const (
		one     = "/connectors/{name}"
		task    = one + "/tasks/{task}"
		plugin  = "/connector-plugins/{plugin}/config"
		metrics = "/metrics"
	)
	return []route{
		{method: "GET", pattern: "/{$}", about: "version, commit, Kafka cluster id", run: s.root},
		{
			method: "GET", pattern: "/health", about: "healthy, starting (503) or unhealthy (500)",
			run: s.health, failed: unhealthy, limit: healthLimit, probe: true,
		},
		{method: "GET", pattern: metrics, about: "Prometheus metrics", raw: orMissing(s.opts.Metrics), probe: true},
		{method: "GET", pattern: "/connectors", about: "names; with `expand=info`, `expand=status` a map", run: s.list},
		{method: "POST", pattern: "/connectors", about: "create; `initial_state` is RUNNING, PAUSED or STOPPED", run: s.create, takesBody: true},
		{method: "GET", pattern: one, about: "configuration and tasks", run: s.show},
		{method: "DELETE", pattern: one, about: "delete; offsets stay", run: s.remove},
		{method: "GET", pattern: one + "/config", about: "configuration, secrets masked", run: s.config},
		{method: "PUT", pattern: one + "/config", about: "create or replace the configuration", run: s.put, takesBody: true},
		{method: "GET", pattern: one + "/status", about: "state of the connector and its tasks", run: s.status},
		{method: "GET", pattern: one + "/tasks", about: "task configurations, secrets masked", run: s.tasks},
		{method: "GET", pattern: task + "/status", about: "state of a task", run: s.taskStatus},
		{method: "POST", pattern: task + "/restart", about: "restart a task", run: s.restartTask},
		{method: "POST", pattern: one + "/restart", about: "restart, with `includeTasks` and `onlyFailed`", run: s.restart},
		{method: "PUT", pattern: one + "/pause", about: "pause", run: s.target("PAUSED", http.StatusAccepted)},
		{method: "PUT", pattern: one + "/resume", about: "resume", run: s.target("STARTED", http.StatusAccepted)},
		{method: "PUT", pattern: one + "/stop", about: "stop", run: s.target("STOPPED", http.StatusNoContent)},
		{method: "GET", pattern: one + "/offsets", about: "source partitions and offsets", run: s.offsets},
		{method: "GET", pattern: "/connector-plugins", about: "connector classes", run: s.plugins},
		{method: "GET", pattern: plugin, about: "properties of a class", run: s.definitions},
		{method: "PUT", pattern: plugin + "/validate", about: "check a configuration", run: s.validate, takesBody: true},
	}
}

// routed finds the route of a request. Connect's tools end some paths with a slash; it is passed over.
func (s *Server) routed() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, rt := range s.routes() {
		mux.Handle(rt.method+" "+rt.pattern, s.serve(rt))
		methods[rt.pattern] = append(methods[rt.pattern], rt.method)
	}
	for pattern, allowed := range methods {
		mux.Handle(pattern, otherMethod(strings.Join(allowed, ", ")))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fail(w, errNoRoute) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, ok := plain(r)
		if !ok { // ServeMux would redirect
			fail(w, errNoRoute)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// plain takes one trailing slash off the path and reports whether what is left has no empty and no dot segments.
func plain(r *http.Request) (*http.Request, bool) {
	escaped := r.URL.EscapedPath()
	if len(escaped) > 1 && strings.HasSuffix(escaped, "/") {
		u := *r.URL
		u.Path = strings.TrimSuffix(u.Path, "/")
		u.RawPath = strings.TrimSuffix(u.RawPath, "/")
		r2 := *r
		r2.URL, r = &u, &r2
		escaped = u.EscapedPath()
	}
	return r, path.Clean(escaped) == escaped && strings.HasPrefix(escaped, "/")
}

func otherMethod(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fail(w, errMethod)
	}
}

func orMissing(h http.Handler) http.Handler {
	if h != nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fail(w, missing("Metrics are")) })
}

// missing says that this worker lacks what a call needs.
func missing(what string) *Error {
	return &Error{http.StatusNotImplemented, what + " not available on this worker"}
}
