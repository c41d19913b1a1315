package api

import (
	"io"
	"net/http"

	"github.com/headwater/headwater/internal/api/access"
)

// routes is the API, a row a call, in the order of docs/reference/rest.md.
func (s *Server) routes() []route {
	all := append(s.workerRoutes(), s.connectRoutes()...)
	all = append(all, s.adminRoutes()...)
	all = append(all, s.managedRoutes()...)
	all = append(all, s.clusterRoutes()...)
	return append(all, s.nextRoutes()...)
}

// workerRoutes are about the worker that is asked.
func (s *Server) workerRoutes() []route {
	return []route{
		{method: "GET", pattern: "/{$}", about: "version, commit, Kafka cluster id", role: access.Viewer, run: s.root},
		{
			method: "GET", pattern: "/health", about: "healthy, starting (503) or unhealthy (500)", role: access.Open,
			run: s.health, failed: unhealthy, limit: healthLimit, probe: true,
		},
		{method: "GET", pattern: "/metrics", about: "Prometheus metrics", role: access.Viewer, raw: orMissing(s.opts.Metrics), probe: true},
		{method: "GET", pattern: "/openapi.json", about: "this API as an OpenAPI 3.0 document", role: access.Viewer, run: s.openAPI},
	}
}

// connectRoutes are Connect's calls about connectors.
func (s *Server) connectRoutes() []route {
	const (
		one  = "/connectors/{name}"
		task = one + "/tasks/{task}"
	)
	return []route{
		{method: "GET", pattern: "/connectors", about: "names; with `expand=info`, `expand=status` a map", role: access.Viewer, run: s.list},
		{method: "POST", pattern: "/connectors", about: "create; `initial_state` is RUNNING, PAUSED or STOPPED", role: access.Editor, leader: true, run: s.create, takesBody: true},
		{method: "GET", pattern: one, about: "configuration and tasks", role: access.Viewer, run: s.show},
		{method: "DELETE", pattern: one, about: "delete; offsets stay", role: access.Admin, leader: true, run: s.remove},
		{method: "GET", pattern: one + "/config", about: "configuration, secrets masked", role: access.Viewer, run: s.config},
		{method: "PUT", pattern: one + "/config", about: "create or replace the configuration", role: access.Editor, leader: true, run: s.put, takesBody: true},
		{method: "PATCH", pattern: one + "/config", about: "change properties; null takes one away", role: access.Editor, leader: true, run: s.patch, takesBody: true},
		{method: "GET", pattern: one + "/status", about: "state of the connector and its tasks", role: access.Viewer, run: s.status},
		{method: "GET", pattern: one + "/tasks", about: "task configurations, secrets masked", role: access.Viewer, run: s.tasks},
		{method: "GET", pattern: task + "/status", about: "state of a task", role: access.Viewer, run: s.taskStatus},
		{method: "POST", pattern: task + "/restart", about: "restart a task", role: access.Operator, leader: true, run: s.restartTask},
		{method: "POST", pattern: one + "/restart", about: "restart, with `includeTasks` and `onlyFailed`", role: access.Operator, leader: true, run: s.restart},
		{method: "PUT", pattern: one + "/pause", about: "pause", role: access.Operator, leader: true, run: s.target("PAUSED", http.StatusAccepted)},
		{method: "PUT", pattern: one + "/resume", about: "resume", role: access.Operator, leader: true, run: s.target("STARTED", http.StatusAccepted)},
		{method: "PUT", pattern: one + "/stop", about: "stop", role: access.Operator, leader: true, run: s.target(stopped, http.StatusNoContent)},
		{method: "GET", pattern: one + "/topics", about: "topics that it has written to since the last reset", role: access.Viewer, run: s.topics},
		{method: "PUT", pattern: one + "/topics/reset", about: "forget the topics that it has written to", role: access.Admin, leader: true, run: s.resetTopics},
		{method: "GET", pattern: one + "/offsets", about: "source partitions and offsets", role: access.Viewer, run: s.offsets},
		{method: "PATCH", pattern: one + "/offsets", about: "change offsets while it is stopped; null forgets one", role: access.Operator, leader: true, run: s.alterOffsets, takesBody: true},
		{method: "DELETE", pattern: one + "/offsets", about: "forget all offsets while it is stopped", role: access.Operator, leader: true, run: s.resetOffsets},
	}
}

// adminRoutes are Connect's calls about plugins and loggers.
func (s *Server) adminRoutes() []route {
	const (
		plugin = "/connector-plugins/{plugin}/config"
		logger = "/admin/loggers/{logger}"
	)
	return []route{
		{method: "GET", pattern: "/connector-plugins", about: "connector classes; all classes with `connectorsOnly=false`", role: access.Viewer, run: s.plugins},
		{method: "GET", pattern: plugin, about: "properties of a class", role: access.Viewer, run: s.definitions},
		{method: "PUT", pattern: plugin + "/validate", about: "check a configuration", role: access.Viewer, run: s.validate, takesBody: true},
		{method: "GET", pattern: "/admin/loggers", about: "loggers of this worker and their levels", role: access.Viewer, run: s.loggers},
		{method: "GET", pattern: logger, about: "level of a logger", role: access.Viewer, run: s.logger},
		{
			method: "PUT", pattern: logger, about: "set a level on this worker, with `scope=cluster` on all", role: access.Admin,
			leaderIf: clusterScope, run: s.setLevel, takesBody: true,
		},
	}
}

func orMissing(h http.Handler) http.Handler {
	if h != nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotImplemented)
		_, _ = io.WriteString(w, missing("Metrics are").Message)
	})
}

// missing says that this worker lacks what a call needs.
func missing(what string) *Error {
	return &Error{http.StatusNotImplemented, what + " not available on this worker"}
}
