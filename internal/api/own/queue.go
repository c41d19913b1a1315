package own

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/api/wire"
)

// Queues are the work queues of connectors with API chaining. Each worker knows its own lanes: unless local, it asks the
// others. A connector without chaining, or without such an item, is an error with status 404.
type Queues interface {
	// Queue counts the items and shows the lanes.
	Queue(ctx context.Context, name string, local bool) (wire.Queue, error)
	// Items lists items in the order of their IDs.
	Items(ctx context.Context, name string, q wire.ItemQuery, local bool) (wire.QueueItems, error)
	// Item returns one item.
	Item(ctx context.Context, name, id string, local bool) (wire.QueueItem, error)
}

// Amender changes what becomes of items, by their lanes. Its errors are as those of Queues; one that came at a bad moment
// has status 409.
type Amender interface {
	// Amend does what somebody wishes, wire.ItemRetry or wire.ItemSkip, and returns the item as it is then.
	Amend(ctx context.Context, name, id, wish string, local bool) (wire.QueueItem, error)
}

// local says whether another worker asks, which asks the rest itself.
func local(r *http.Request) bool { return r.URL.Query().Get("local") == "true" }

func (c Calls) queue(ctx context.Context, r *http.Request, _ []byte) (any, error) {
	name, err := c.find(r)
	if err != nil {
		return nil, err
	}
	return c.Queues.Queue(ctx, name, local(r))
}

func (c Calls) items(ctx context.Context, r *http.Request, _ []byte) (any, error) {
	name, err := c.find(r)
	if err != nil {
		return nil, err
	}
	q, err := query(r.URL.Query())
	if err != nil {
		return nil, err
	}
	return c.Queues.Items(ctx, name, q, local(r))
}

func (c Calls) item(ctx context.Context, r *http.Request, _ []byte) (any, error) {
	name, err := c.find(r)
	if err != nil {
		return nil, err
	}
	id, err := itemID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return c.Queues.Item(ctx, name, id, local(r))
}

// amend makes the calls behind retry and skip.
func (c Calls) amend(wish string) Run {
	return func(ctx context.Context, r *http.Request, _ []byte) (any, error) {
		name, err := c.find(r)
		if err == nil && c.Amender == nil {
			err = missing("Changing work items is")
		}
		if err != nil {
			return nil, err
		}
		id, err := itemID(r.PathValue("id"))
		if err != nil {
			return nil, err
		}
		return c.Amender.Amend(ctx, name, id, wish, local(r))
	}
}

func (c Calls) find(r *http.Request) (string, error) {
	name, err := c.Find(r)
	if err == nil && c.Queues == nil {
		err = missing("Work queues are")
	}
	return name, err
}

// idBytes is the length of an item's ID.
const idBytes = 16

func itemID(text string) (string, error) {
	if b, err := hex.DecodeString(text); err != nil || len(b) != idBytes || text != strings.ToLower(text) {
		return "", bad(fmt.Sprintf("%q is no item: an item has %d digits of 0-9 and a-f", text, 2*idBytes))
	}
	return text, nil
}

// query reads which items are wanted. What is not understood is refused: a list of other items would mislead.
func query(v url.Values) (q wire.ItemQuery, err error) {
	q = wire.ItemQuery{State: v.Get("state"), After: v.Get("after"), Stored: v.Get("stored") == "true", Limit: wire.DefaultItems}
	if q.API, err = number(v, "api", 0, 1, 1<<31-1); err != nil {
		return q, err
	}
	if q.Limit, err = number(v, "limit", wire.DefaultItems, 1, wire.MaxItems); err != nil {
		return q, err
	}
	if v.Has("state") && !slices.Contains(wire.ItemStates, q.State) {
		return q, bad(fmt.Sprintf("state must be one of %s, not %q", strings.Join(wire.ItemStates, ", "), q.State))
	}
	if v.Has("after") {
		if _, err := itemID(q.After); err != nil {
			return q, bad("after: " + err.Error())
		}
	}
	return q, nil
}

// number reads a number of the query.
func number(v url.Values, name string, absent, least, most int) (int, error) {
	if !v.Has(name) {
		return absent, nil
	}
	n, err := strconv.Atoi(v.Get(name))
	if err != nil || n < least || n > most {
		return 0, bad(fmt.Sprintf("%s must be a whole number from %d to %d, not %q", name, least, most, v.Get(name)))
	}
	return n, nil
}
