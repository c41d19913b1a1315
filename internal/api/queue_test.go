package api

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/api/wire"
)

const itemID = "00112233445566778899aabbccddeeff"

// lane is a work queue with one item; asked is what it was asked for last.
type lane struct {
	asked string
	query wire.ItemQuery
	err   error
}

func (l *lane) note(call, name string, local bool) error {
	if l.asked = call + " " + name; local {
		l.asked += " here"
	}
	return l.err
}

func (l *lane) Queue(_ context.Context, name string, local bool) (wire.Queue, error) {
	return wire.Queue{
		Connector: name, APIs: []wire.QueueAPI{{API: 2, Parents: []int{1}, Placeholders: []string{"id"}, Waiting: 1, OldestWaiting: since}},
		Lanes: []wire.QueueLane{{Lane: 3, APIs: []wire.QueueAPI{}}}, Missing: []string{},
	}, l.note("queue", name, local)
}

func (l *lane) Items(_ context.Context, name string, q wire.ItemQuery, local bool) (wire.QueueItems, error) {
	l.query = q
	return wire.QueueItems{Items: []wire.QueueItem{}, Missing: []string{}, Unread: 2}, l.note("items", name, local)
}

func (l *lane) Item(_ context.Context, name, id string, local bool) (wire.QueueItem, error) {
	return wire.QueueItem{ID: id, API: 2, Values: map[string]string{"id": "<7>"}, State: wire.ItemIdle}, l.note("item", name, local)
}

func (l *lane) Amend(_ context.Context, name, id, wish string, local bool) (wire.QueueItem, error) {
	return wire.QueueItem{ID: id, State: wire.ItemActive}, l.note(wish, name, local)
}

func TestQueueCalls(t *testing.T) {
	const (
		queue = "/headwater/v1/connectors/my-http/queue"
		item  = queue + "/items/" + itemID
	)
	for _, c := range []struct {
		line  string
		code  int
		want  string // what the answer holds
		asked string
	}{
		{"GET " + queue, 200, `{"connector":"my-http","topic":"","group":"","apis":[{"api":2,"parents":[1],"placeholders":["id"],"waiting":1,` +
			`"active":0,"idle":0,"failed":0,"ended":0,"oldest_waiting":"2026-03-01T12:00:00Z"}],"lanes":[{"lane":3,"worker":"","state":"",` +
			`"waiting":"","lag":0,"apis":[],"trace":""}],"missing":[]}`, "queue my-http"},
		{"GET " + queue + "?local=true", 200, `"lanes"`, "queue my-http here"},
		{"GET /headwater/v1/connectors/no/queue", 404, "Connector no not found", ""},
		{"GET " + queue + "/items", 200, `{"items":[],"missing":[],"unread":2}`, "items my-http"},
		{"GET " + queue + "/items?api=2&state=failed&limit=7&stored=true&local=true&after=" + itemID, 200, "items", "items my-http here"},
		{"GET " + queue + "/items?api=0", 400, "api must be a whole number from 1", ""},
		{"GET " + queue + "/items?api=x", 400, "api must be a whole number from 1", ""},
		{"GET " + queue + "/items?limit=0", 400, "limit must be a whole number from 1 to 1000", ""},
		{"GET " + queue + "/items?limit=1001", 400, "limit must be", ""},
		{"GET " + queue + "/items?limit=", 400, "limit must be", ""},
		{"GET " + queue + "/items?state=FAILED", 400, "state must be one of waiting, active, idle, failed, ended", ""},
		{"GET " + queue + "/items?after=7", 400, `\"7\" is no item`, ""},
		{"GET " + item, 200, `{"id":"` + itemID + `","api":2,"values":{"id":"<7>"},"state":"idle","attempt":0,"trace":"","parent":0,"lane":0,"worker":""}`, "item my-http"},
		{"GET " + queue + "/items/" + strings.ToUpper(itemID), 400, "an item has 32 digits of 0-9 and a-f", ""},
		{"GET " + queue + "/items/7", 400, "is no item", ""},
		{"POST " + item + "/retry", 200, `"state":"active"`, "retry my-http"},
		{"POST " + item + "/skip?local=true", 200, `"state":"active"`, "skip my-http here"},
		{"POST " + queue + "/items/7/skip", 400, "is no item", ""},
		{"POST " + item + "/forget", 404, "HTTP 404", ""},
		{"GET " + item + "/skip", 405, "HTTP 405", ""},
	} {
		l, opts := &lane{}, options(sample())
		opts.Queues, opts.Amender = l, l
		got := ask(server(t, opts), c.line, "")
		if got.Code != c.code || !strings.Contains(got.Body.String(), c.want) || l.asked != c.asked {
			t.Errorf("%s\n%d %s, asked %q\nwant %d %s, %q", c.line, got.Code, got.Body, l.asked, c.code, c.want, c.asked)
		}
		if c.asked == "items my-http here" && l.query != (wire.ItemQuery{API: 2, State: "failed", Stored: true, After: itemID, Limit: 7}) {
			t.Errorf("%+v", l.query)
		}
	}
}

func TestQueuesThatAreNotThere(t *testing.T) {
	for _, line := range []string{"GET /queue", "GET /queue/items", "GET /queue/items/" + itemID, "POST /queue/items/" + itemID + "/retry"} {
		line = strings.Replace(line, " ", " /headwater/v1/connectors/my-http", 1)
		if got := ask(server(t, options(sample())), line, ""); got.Code != 501 {
			t.Errorf("%s: %d %s", line, got.Code, got.Body)
		}
		l, opts := &lane{err: errors.New("boom")}, options(sample())
		opts.Queues, opts.Amender = l, l
		if got := ask(server(t, opts), line, ""); got.Code != 500 || !strings.Contains(got.Body.String(), "boom") {
			t.Errorf("%s: %d %s", line, got.Code, got.Body)
		}
	}
}

// A query is read as it was written.
func TestItemQuery(t *testing.T) {
	for _, q := range []wire.ItemQuery{{}, {API: 3, State: "idle", Stored: true, After: itemID, Limit: 1000}} {
		l, opts := &lane{}, options(sample())
		opts.Queues = l
		ask(server(t, opts), "GET /headwater/v1/connectors/my-http/queue/items?"+q.Values().Encode(), "")
		if q.Limit == 0 {
			q.Limit = wire.DefaultItems
		}
		if l.query != q {
			t.Errorf("%+v, want %+v", l.query, q)
		}
	}
}
