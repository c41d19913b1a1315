package curl

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	someID   = regexp.MustCompile(`"id":"lcc-[0-9a-v]{6}"`)
	someTime = regexp.MustCompile(`"(requested_at|applied_at|observed_at)":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"`)
)

// TestManagedLines runs the curl lines that the managed service's documents have about offsets, with nothing replaced but
// the host, and compares status and body with what those documents show. Their connectors are there, but stopped: they
// poll hosts of other people.
func TestManagedLines(t *testing.T) {
	text, err := os.ReadFile("testdata/managed.txt")
	if err != nil {
		t.Fatal(err)
	}
	onWorker(t, func(t *testing.T, p place) {
		for name, config := range managedConnectors(p) {
			create(t, p, name, config, "STOPPED")
		}
		for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
			line, want, _ := strings.Cut(block, "\n=> ")
			code, body, _ := strings.Cut(want, " ")
			expected, _ := strconv.Atoi(code)
			line = strings.Replace(line, "https://api.confluent.cloud", p.url, 1)
			await(t, func() error {
				code, got := ask(t, line)
				got = someTime.ReplaceAllString(someID.ReplaceAllString(got, `"id":"ID"`), `"$1":"TIME"`)
				if strings.Contains(got, `"phase":"PENDING"`) {
					return fmt.Errorf("still %d %s", code, got)
				}
				if code != expected || got != body {
					t.Errorf("%s\ngot  %d %s\nwant %d %s", line, code, got, expected, body)
				}
				return nil
			})
		}
	})
}

// managedConnectors are those of the documents: chaining, counting and a cursor.
func managedConnectors(p place) map[string]map[string]string {
	all := map[string]map[string]string{
		"HttpSourceV2ES": p.connector("es", map[string]string{"http.api.base.url": "http://35.247.11.62:9200", "apis.num": "3"}),
		"HttpSourceV2SimpleIncrementing": p.connector("si", map[string]string{
			"http.api.base.url": "https://api.github.com", "api1.http.api.path": "/repos/apache/kafka/issues/${offset}",
		}),
		"HttpSourceV2Zendesk": p.connector("zd", map[string]string{
			"http.api.base.url": "https://example.com", "api1.http.api.path": "/api/v2/users/18266623893394/tickets/assigned",
			"api1.http.offset.mode": "CURSOR_PAGINATION", "api1.http.next.page.json.pointer": "/meta/after_cursor",
			"api1.http.request.parameters": "page[after]=${offset}",
		}),
	}
	delete(all["HttpSourceV2SimpleIncrementing"], "api1.http.request.parameters")
	delete(all["HttpSourceV2Zendesk"], "api1.http.initial.offset")
	for i, what := range []string{"inventory", "product", "order"} {
		n := fmt.Sprintf("api%d.", i+1)
		for key, value := range map[string]string{
			"http.api.path": "/" + what + "/_search", "topics": "es-" + what, "http.offset.mode": "CHAINING",
			"http.offset.json.pointer": "/sort/0", "http.initial.offset": "0", "http.request.method": "POST",
			"http.request.body": `{"search_after": [${offset}]}`, "http.response.data.json.pointer": "/hits/hits",
			"request.interval.ms": "5000",
		} {
			all["HttpSourceV2ES"][n+key] = value
		}
	}
	delete(all["HttpSourceV2ES"], "api1.http.request.parameters")
	return all
}

// create makes a connector with curl.
func create(t *testing.T, p place, name string, config map[string]string, state string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"name": name, "config": config, "initial_state": state})
	if err != nil {
		t.Fatal(err)
	}
	code, answer := ask(t, "curl -X POST '"+p.url+"/connectors' -H 'Content-Type: application/json' -d '"+string(body)+"'")
	if code != 201 {
		t.Fatalf("create %s: %d %s", name, code, answer)
	}
}

// TestARunningConnectorGoesOn changes the offset of a connector that polls: it is stopped, changed and polls on from there.
func TestARunningConnectorGoesOn(t *testing.T) {
	onWorker(t, func(t *testing.T, p place) {
		create(t, p, "on", p.connector("on", nil), "RUNNING")
		running := func() error {
			return contains(t, p.line("GET", "/connectors/on/status", ""), 200, `"tasks":[{"id":0,"state":"RUNNING"`)
		}
		await(t, running)
		const offsets = "/api/connect/v1/environments/env-1/clusters/lkc-1/connectors/on/offsets"
		send := p.line("POST", offsets+"/request", `{"type":"PATCH","offsets":[{"partition":{"url":"`+p.api+`/items"},"offset":{"offset":42}}]}`)
		if err := contains(t, send, 202, `"type":"PATCH"`); err != nil {
			t.Fatal(err)
		}
		await(t, func() error {
			return contains(t, p.line("GET", offsets+"/request/status", ""), 200, `"phase":"APPLIED"`)
		})
		await(t, running)
		await(t, func() error { return contains(t, p.line("GET", offsets, ""), 200, `"offset":{"offset":"42"}`) })
	})
}

// contains asks and returns an error when the answer is another.
func contains(t *testing.T, line string, code int, part string) error {
	t.Helper()
	got, body := ask(t, line)
	if got != code || !strings.Contains(body, part) {
		return fmt.Errorf("%s\ngot  %d %s\nwant %d ... %s", line, got, body, code, part)
	}
	return nil
}
