package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/headwater/headwater/internal/api/wire"
)

// Cluster returns the workers.
func (c *Client) Cluster(ctx context.Context) (wire.Cluster, error) {
	return read[wire.Cluster](ctx, c, request{method: http.MethodGet, path: wire.Base + "/cluster"})
}

// Worker returns the worker that answers.
func (c *Client) Worker(ctx context.Context) (wire.Worker, error) {
	return read[wire.Worker](ctx, c, request{method: http.MethodGet, path: wire.Base + "/worker"})
}

// Assignments returns who runs what.
func (c *Client) Assignments(ctx context.Context) (wire.Assignments, error) {
	return read[wire.Assignments](ctx, c, request{method: http.MethodGet, path: wire.Base + "/assignments"})
}

// Plan returns what a change would come to.
func (c *Client) Plan(ctx context.Context, change wire.Change) (wire.Moves, error) {
	return read[wire.Moves](ctx, c, request{method: http.MethodPost, path: wire.Base + "/assignments/plan", body: change})
}

// Apply makes a change and returns the moves that it causes.
func (c *Client) Apply(ctx context.Context, change wire.Change) (wire.Moves, error) {
	return read[wire.Moves](ctx, c, request{method: http.MethodPost, path: wire.Base + "/assignments/apply", body: change})
}

// Explain says what each API of a connector is doing.
func (c *Client) Explain(ctx context.Context, name string) (wire.Explain, error) {
	return c.explain(ctx, name, nil)
}

// ExplainOwn is Explain of the worker's own tasks alone, for workers that put the whole together.
func (c *Client) ExplainOwn(ctx context.Context, name string) (wire.Explain, error) {
	return c.explain(ctx, name, url.Values{"scope": {"worker"}})
}

func (c *Client) explain(ctx context.Context, name string, query url.Values) (wire.Explain, error) {
	return read[wire.Explain](ctx, c, request{method: http.MethodGet, path: wire.Base + one(name) + "/explain", query: query})
}
