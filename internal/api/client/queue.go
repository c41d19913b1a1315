package client

import (
	"context"
	"net/http"

	"github.com/headwater/headwater/internal/api/wire"
)

// Queue returns what a connector's child APIs have to do.
func (c *Client) Queue(ctx context.Context, name string) (wire.Queue, error) {
	return read[wire.Queue](ctx, c, request{method: http.MethodGet, path: queue(name)})
}

// Items returns work items in the order of their IDs.
func (c *Client) Items(ctx context.Context, name string, q wire.ItemQuery) (wire.QueueItems, error) {
	return read[wire.QueueItems](ctx, c, request{method: http.MethodGet, path: queue(name) + "/items", query: q.Values()})
}

// Item returns a work item.
func (c *Client) Item(ctx context.Context, name, id string) (wire.QueueItem, error) {
	return read[wire.QueueItem](ctx, c, request{method: http.MethodGet, path: queue(name) + "/items/" + seg(id)})
}

// AmendItem does what somebody wishes of a work item, wire.ItemRetry or wire.ItemSkip, and returns it as it is then.
func (c *Client) AmendItem(ctx context.Context, name, id, wish string) (wire.QueueItem, error) {
	return read[wire.QueueItem](ctx, c, request{method: http.MethodPost, path: queue(name) + "/items/" + seg(id) + "/" + wish})
}

func queue(name string) string { return wire.Base + one(name) + "/queue" }
