package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// Root asks whichever worker answers who it is.
func (c *Client) Root(ctx context.Context) (Root, error) {
	return read[Root](ctx, c, request{method: http.MethodGet, path: "/"})
}

// Health asks whether a worker has started (KIP-1017). One that has not is an *Error of status 503 or 500, at once.
func (c *Client) Health(ctx context.Context) (Health, error) {
	return read[Health](ctx, c, request{method: http.MethodGet, path: "/health", impatient: true})
}

// Names lists the connectors.
func (c *Client) Names(ctx context.Context) ([]string, error) {
	return read[[]string](ctx, c, request{method: http.MethodGet, path: "/connectors"})
}

// Statuses returns the state of every connector that has one, by name.
func (c *Client) Statuses(ctx context.Context) (map[string]Status, error) {
	all, err := read[map[string]struct {
		Status Status `json:"status"`
	}](ctx, c, request{method: http.MethodGet, path: "/connectors", query: url.Values{"expand": {"status"}}})
	out := make(map[string]Status, len(all))
	for name, one := range all {
		out[name] = one.Status
	}
	return out, err
}

// Connector returns a connector's configuration and its tasks.
func (c *Client) Connector(ctx context.Context, name string) (Info, error) {
	return read[Info](ctx, c, request{method: http.MethodGet, path: one(name)})
}

// Config returns a connector's configuration, secrets masked.
func (c *Client) Config(ctx context.Context, name string) (map[string]string, error) {
	return read[map[string]string](ctx, c, request{method: http.MethodGet, path: one(name) + "/config"})
}

// Tasks returns the tasks' configurations, secrets masked.
func (c *Client) Tasks(ctx context.Context, name string) ([]Task, error) {
	return read[[]Task](ctx, c, request{method: http.MethodGet, path: one(name) + "/tasks"})
}

// Status returns a connector's state.
func (c *Client) Status(ctx context.Context, name string) (Status, error) {
	return read[Status](ctx, c, request{method: http.MethodGet, path: one(name) + "/status"})
}

// TaskStatus returns a task's state.
func (c *Client) TaskStatus(ctx context.Context, name string, id int) (TaskState, error) {
	return read[TaskState](ctx, c, request{method: http.MethodGet, path: task(name, id) + "/status"})
}

// Create makes a connector that must not exist. initial is RUNNING, PAUSED or STOPPED, or empty for RUNNING (KIP-980).
func (c *Client) Create(ctx context.Context, name string, config map[string]string, initial string) (Info, error) {
	body := struct {
		Name    string            `json:"name"`
		Config  map[string]string `json:"config"`
		Initial string            `json:"initial_state,omitempty"`
	}{name, config, initial}
	i, err := read[Info](ctx, c, request{method: http.MethodPost, path: "/connectors", body: body})
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusConflict && !e.Momentary() {
		e.Hint = "to replace its configuration, apply it instead"
	}
	return i, err
}

// Put replaces a connector's configuration, or creates it.
func (c *Client) Put(ctx context.Context, name string, config map[string]string) (Info, error) {
	return read[Info](ctx, c, request{method: http.MethodPut, path: one(name) + "/config", body: config})
}

// Patch changes some properties and removes those whose value is nil (KIP-477).
func (c *Client) Patch(ctx context.Context, name string, changes map[string]*string) (Info, error) {
	return read[Info](ctx, c, request{method: http.MethodPatch, path: one(name) + "/config", body: changes})
}

// Delete removes a connector; its offsets stay.
func (c *Client) Delete(ctx context.Context, name string) error {
	return c.call(ctx, request{method: http.MethodDelete, path: one(name)}, nil)
}

// Pause halts a connector's tasks, which keep their places.
func (c *Client) Pause(ctx context.Context, name string) error {
	return c.call(ctx, request{method: http.MethodPut, path: one(name) + "/pause"}, nil)
}

// Resume undoes Pause and Stop.
func (c *Client) Resume(ctx context.Context, name string) error {
	return c.call(ctx, request{method: http.MethodPut, path: one(name) + "/resume"}, nil)
}

// Stop ends a connector's tasks, so that its offsets may be changed.
func (c *Client) Stop(ctx context.Context, name string) error {
	return c.call(ctx, request{method: http.MethodPut, path: one(name) + "/stop"}, nil)
}

// Restart starts a connector again, its tasks too if wanted, or only what failed (KIP-745).
func (c *Client) Restart(ctx context.Context, name string, tasks, onlyFailed bool) error {
	query := url.Values{"includeTasks": {strconv.FormatBool(tasks)}, "onlyFailed": {strconv.FormatBool(onlyFailed)}}
	return c.call(ctx, request{method: http.MethodPost, path: one(name) + "/restart", query: query}, nil)
}

// RestartTask starts one task again.
func (c *Client) RestartTask(ctx context.Context, name string, id int) error {
	return c.call(ctx, request{method: http.MethodPost, path: task(name, id) + "/restart"}, nil)
}

func one(name string) string { return "/connectors/" + seg(name) }

func task(name string, id int) string { return one(name) + "/tasks/" + strconv.Itoa(id) }
