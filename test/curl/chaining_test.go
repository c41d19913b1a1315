package curl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/api/wire"
)

// TestChaining drives a connector with a child API through its work queue: users 1 to 3 with five orders each.
func TestChaining(t *testing.T) {
	onWorker(t, func(t *testing.T, p place) {
		api := httptest.NewServer(http.HandlerFunc(users))
		t.Cleanup(api.Close)
		create(t, p, "chain", chained(p, api.URL), "RUNNING")
		orders := consume(t, p.broker, "chain-orders")
		all := "1-1 1-2 1-3 1-4 1-5 2-1 2-2 2-3 2-4 2-5 3-1 3-2 3-3 3-4 3-5"
		orders.until(t, all)
		const queue = "/headwater/v1/connectors/chain/queue"
		await(t, func() error {
			return contains(t, p.line("GET", queue, ""), 200, `"placeholders":["id"],"waiting":0,"active":0,"idle":3,"failed":0,"ended":0`)
		})
		list := wire.QueueItems{}
		p.read(t, queue+"/items?state=idle", &list)
		if len(list.Items) != 3 || list.Unread != 0 || list.Items[0].Offset["offset"] != "4" || list.Items[0].Lane < 0 {
			t.Errorf("%+v", list)
		}
		item := itemOf(list, "2")
		p.expect(t, "GET", queue+"/items/"+item.ID, "", 200, `"values":{"id":"2"},"state":"idle"`)
		p.expect(t, "GET", queue+"/items?limit=1", "", 200, `"next":"`+list.Items[0].ID+`"`)
		p.expect(t, "GET", queue+"/items?limit=0", "", 400, "limit must be a whole number from 1 to 1000")
		p.expect(t, "GET", queue+"/items/"+strings.Repeat("0", 32), "", 404, "has no work item")
		p.expect(t, "POST", queue+"/items/"+item.ID+"/skip", "", 400, "it is idle")
		p.expect(t, "POST", queue+"/items/"+item.ID+"/retry", "", 200, item.ID)
		p.expect(t, "GET", "/connectors/chain/status", "", 200, `"queue":{"lanes":15,`)
		p.expect(t, "GET", "/headwater/v1/connectors/chain/explain", "", 200, `"queue":{"api":2`)
		p.expect(t, "GET", "/metrics", "", 200, `headwater_queue_items{api="2",connector="chain",state="idle"} 3`)

		child, offsets := api.URL+"/users/${id}/orders", "/connectors/chain/offsets"
		p.expect(t, "PATCH", offsets, `{"offsets":[{"partition":{"url":"`+child+`","id":"2"},"offset":{"offset":"3"}}]}`, 400, "STOPPED")
		p.expect(t, "PUT", "/connectors/chain/stop", "", 204, "")
		p.expect(t, "GET", offsets, "", 200, `{"partition":{"id":"2","url":"`+child+`"},"offset":{"offset":"4"}}`)
		for partition, why := range map[string]string{
			`{"url":"` + child + `"}`:                   `api2 is a child API: beside its url, its partition needs the value of \"id\"`,
			`{"url":"` + child + `","id":"2","x":"1"}`:  `api2 has no placeholder [\"x\"]`,
			`{"url":"` + api.URL + `/users","id":"2"}`:  `partition must be {\"url\": \"...\"}`,
			`{"url":"` + child + `","id":"../2"}`:       "${id}",
			`{"url":"` + api.URL + `/nobody","id":"2"}`: "no API of the connector has the URL",
		} {
			p.expect(t, "PATCH", offsets, `{"offsets":[{"partition":`+partition+`,"offset":{"offset":"3"}}]}`, 400, why)
		}
		p.expect(t, "PATCH", offsets, `{"offsets":[{"partition":{"url":"`+child+`","id":"2"},"offset":{"offset":"x"}}]}`, 400, "offsets[0]")
		p.expect(t, "PATCH", offsets, `{"offsets":[{"partition":{"url":"`+child+`","id":2},"offset":{"offset":3}}]}`, 200, "altered")
		p.expect(t, "GET", offsets, "", 200, `{"partition":{"id":"2","url":"`+child+`"},"offset":{"offset":"3"}}`)
		p.expect(t, "PUT", "/connectors/chain/resume", "", 202, "")
		orders.until(t, all+" 2-4 2-5")
		p.expect(t, "PUT", "/connectors/chain/stop", "", 204, "")
		p.expect(t, "DELETE", offsets, "", 200, "reset")
		p.expect(t, "DELETE", offsets, "", 200, "reset")
		p.expect(t, "GET", offsets, "", 200, `{"offsets":[]}`)
		p.expect(t, "PUT", "/connectors/chain/resume", "", 202, "")
		orders.until(t, all+" 2-4 2-5 "+all)

		const request = "/connect/v1/environments/e/clusters/c/connectors/chain/offsets/request"
		p.expect(t, "POST", request, `{"type":"PATCH","offsets":[{"partition":{"url":"`+child+`","id":"3"},"offset":null}]}`, 202, `"type":"PATCH"`)
		await(t, func() error { return contains(t, p.line("GET", request+"/status", ""), 200, `"phase":"APPLIED"`) })
		orders.until(t, all+" 2-4 2-5 "+all+" 3-1 3-2 3-3 3-4 3-5")
		create(t, p, "plain", p.connector("plain", nil), "STOPPED")
		p.expect(t, "GET", "/headwater/v1/connectors/plain/queue", "", 404, "no API chaining")
	})
}

// users answers /users?start=N and /users/ID/orders?start=N, two at a time.
func users(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	start, _ := strconv.Atoi(r.URL.Query().Get("start"))
	of, most := "%d", 3
	if parts := strings.Split(r.URL.Path, "/"); len(parts) == 4 {
		of, most = parts[2]+"-%d", 5
	}
	list := []string{}
	for n := start + 1; n <= min(start+2, most); n++ {
		list = append(list, fmt.Sprintf(`{"id":"`+of+`"}`, n))
	}
	_, _ = fmt.Fprintf(w, "[%s]", strings.Join(list, ","))
}

func chained(p place, url string) map[string]string {
	return p.connector("chain-users", map[string]string{
		"http.api.base.url": url, "apis.num": "2", "api.chaining.parent.child.relationship": "api1::api2", "tasks.max": "2",
		"api1.http.api.path": "/users", "api2.http.api.path": "/users/${id}/orders", "api2.topics": "chain-orders",
		"api2.http.offset.mode": "SIMPLE_INCREMENTING", "api2.http.initial.offset": "0",
		"api2.http.request.parameters": "start=${offset}", "api2.request.interval.ms": "100",
	})
}

func itemOf(list wire.QueueItems, id string) wire.QueueItem {
	i := slices.IndexFunc(list.Items, func(it wire.QueueItem) bool { return it.Values["id"] == id })
	return list.Items[max(i, 0)]
}

// expect makes a call, a body of which holds a part, and goes on when that is not so.
func (p place) expect(t *testing.T, method, path, send string, code int, part string) {
	t.Helper()
	if err := contains(t, p.line(method, path, send), code, part); err != nil {
		t.Error(err)
	}
}

func (p place) read(t *testing.T, path string, into any) {
	t.Helper()
	code, body := ask(t, p.line("GET", path, ""))
	if err := json.Unmarshal([]byte(body), into); code != 200 || err != nil {
		t.Fatalf("%s: %d %s %v", path, code, body, err)
	}
}

// reading is what a topic holds so far: the ids of its records, in order.
type reading struct {
	client *kgo.Client
	ids    []string
}

func consume(t *testing.T, broker, topic string) *reading {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.MetadataMinAge(100*time.Millisecond), kgo.MetadataMaxAge(time.Second), kgo.UnknownTopicRetries(-1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &reading{client: client}
}

// until waits for the topic to hold these, in whatever order, and no more for a while.
func (r *reading) until(t *testing.T, want string) {
	t.Helper()
	wanted := strings.Fields(want)
	slices.Sort(wanted)
	deadline := time.Now().Add(30 * time.Second)
	for quiet := 0; quiet < 3; {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		fetched := r.client.PollFetches(ctx)
		cancel()
		fetched.EachRecord(func(rec *kgo.Record) {
			var v struct{ ID string }
			if err := json.Unmarshal(rec.Value, &v); err != nil {
				t.Error(err)
			}
			r.ids = append(r.ids, v.ID)
		})
		slices.Sort(r.ids)
		quiet++
		if !slices.Equal(r.ids, wanted) {
			quiet = 0
			if time.Now().After(deadline) || len(r.ids) > len(wanted) {
				t.Fatalf("the topic holds %v\nwant %v", r.ids, wanted)
			}
		}
	}
}
