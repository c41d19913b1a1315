package client

import (
	"context"
	"net/http"
	"net/url"
)

// Offsets returns where a connector stands, in any state.
func (c *Client) Offsets(ctx context.Context, name string) (Offsets, error) {
	return read[Offsets](ctx, c, request{method: http.MethodGet, path: one(name) + "/offsets"})
}

// AlterOffsets changes the offsets of the partitions that are named; the connector must be stopped.
func (c *Client) AlterOffsets(ctx context.Context, name string, o Offsets) (Message, error) {
	return read[Message](ctx, c, request{method: http.MethodPatch, path: one(name) + "/offsets", body: o})
}

// ResetOffsets removes all offsets; the connector must be stopped.
func (c *Client) ResetOffsets(ctx context.Context, name string) (Message, error) {
	return read[Message](ctx, c, request{method: http.MethodDelete, path: one(name) + "/offsets", body: nil})
}

// Topics lists the topics that a connector has written to.
func (c *Client) Topics(ctx context.Context, name string) ([]string, error) {
	all, err := read[map[string]struct {
		Topics []string `json:"topics"`
	}](ctx, c, request{method: http.MethodGet, path: one(name) + "/topics"})
	return all[name].Topics, err
}

// ResetTopics forgets them.
func (c *Client) ResetTopics(ctx context.Context, name string) error {
	return c.call(ctx, request{method: http.MethodPut, path: one(name) + "/topics/reset"}, nil)
}

// Plugins lists the connector classes.
func (c *Client) Plugins(ctx context.Context) ([]Plugin, error) {
	return read[[]Plugin](ctx, c, request{method: http.MethodGet, path: "/connector-plugins"})
}

// Validate checks a configuration, which names its class, without storing it.
func (c *Client) Validate(ctx context.Context, config map[string]string) (Validation, error) {
	path := "/connector-plugins/" + seg(config["connector.class"]) + "/config/validate"
	return read[Validation](ctx, c, request{method: http.MethodPut, path: path, body: config})
}

// Loggers returns the level of every logger.
func (c *Client) Loggers(ctx context.Context) (map[string]Level, error) {
	return read[map[string]Level](ctx, c, request{method: http.MethodGet, path: "/admin/loggers"})
}

// SetLogger sets a logger's level on all workers (KIP-976).
func (c *Client) SetLogger(ctx context.Context, name, level string) error {
	return c.call(ctx, request{
		method: http.MethodPut, path: "/admin/loggers/" + seg(name), query: url.Values{"scope": {"cluster"}},
		body: map[string]string{"level": level},
	}, nil)
}
