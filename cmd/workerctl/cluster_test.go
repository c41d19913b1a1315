package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
)

var update = flag.Bool("update", false, "write docs/reference/workerctl.md and the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// cluster answers with what is in answers, "METHOD /path" to bodies, one after the other, the last one for ever. A body that
// begins with a number and a blank has that status.
type cluster struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string][]string
	asked   []string
}

func serve(t *testing.T, answers map[string][]string) *cluster {
	t.Helper()
	c := &cluster{answers: answers}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + r.URL.RequestURI()
	c.mu.Lock()
	c.asked = append(c.asked, strings.TrimSpace(line+" "+string(body)))
	list := c.answers[line]
	if len(list) > 1 {
		c.answers[line] = list[1:]
	}
	c.mu.Unlock()
	if len(list) == 0 {
		list = []string{`404 {"error_code":404,"message":"HTTP 404 Not Found"}`}
	}
	status, text := 200, list[0]
	if _, err := fmt.Sscanf(text, "%d", &status); err == nil {
		_, text, _ = strings.Cut(text, " ")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// changes are the requests that were more than reading.
func (c *cluster) changes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, line := range c.asked {
		if !strings.HasPrefix(line, "GET ") {
			out = append(out, line)
		}
	}
	return out
}

// session is workerctl without a process.
type session struct {
	out, err bytes.Buffer
	code     int
}

func ctl(t *testing.T, server, stdin string, args ...string) *session {
	t.Helper()
	return ctlWithin(t.Context(), server, stdin, args...)
}

func ctlWithin(ctx context.Context, server, stdin string, args ...string) *session {
	s := &session{}
	env := map[string]string{"HEADWATER_SERVER": server}
	tool := run.New(show.Streams{In: strings.NewReader(stdin), Out: &s.out, Err: &s.err}, func(name string) string { return env[name] })
	tool.Now, tool.Every = func() time.Time { return now }, time.Millisecond
	s.code = execute(ctx, args, tool)
	return s
}

// file writes a file of a test's own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	missingConnector = `404 {"error_code":404,"message":"Connector no not found"}`
	orders           = `{"name":"orders","config":{"connector.class":"HttpSourceV2","name":"orders","tasks.max":"2","bearer.token":"***"},` +
		`"tasks":[{"connector":"orders","task":0},{"connector":"orders","task":1}],"type":"source"}`
	ordersStatus = `{"name":"orders","connector":{"state":"RUNNING","worker_id":"w1:8083"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"w1:8083"},` +
		`{"id":1,"state":"FAILED","worker_id":"w2:8083","trace":"fetch: 401\u001b[2J\n\tat x"}],"type":"source"}`
	ordersRunning = `{"name":"orders","connector":{"state":"RUNNING","worker_id":"w1:8083"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"w1:8083"},` +
		`{"id":1,"state":"RUNNING","worker_id":"w2:8083"}],"type":"source"}`
	ordersStopped = `{"name":"orders","connector":{"state":"STOPPED","worker_id":"w1:8083"},"tasks":[],"type":"source"}`
	assignments   = `{"epoch":12,"tasks":[{"task":"orders/0","connector":"orders","id":0,"apis":["api1","api2"],"worker":"w1:8083","epoch":3,` +
		`"reason":"new task","since":"2026-03-01T11:00:00Z","pinned":"w1:8083","crashes":0},` +
		`{"task":"orders/1","connector":"orders","id":1,"apis":["api3"],"worker":"","epoch":12,"reason":"all workers are draining","pinned":"","crashes":2}]}`
	workers = `{"group":"g","epoch":12,"leader":"w1:8083","workers":[{"name":"w1:8083","instance":"a1","url":"http://w1:8083","version":"1.0","protocol":1,` +
		`"state":"alive","leader":true,"draining":false,"drain_reason":"","tasks":20,"load":12.5,"started":"2026-03-01T10:00:00Z"},` +
		`{"name":"w2:8083","instance":"b2","url":"http://w2:8083","version":"1.1","protocol":1,"state":"suspect","leader":false,"draining":true,` +
		`"drain_reason":"upgrade","tasks":0,"load":0,"started":"2026-03-01T11:59:30Z"}]}`
	offsets = `{"offsets":[{"partition":{"url":"https://a/orders"},"offset":{"offset":"100"}}]}`
	explain = `{"connector":"orders","state":"RUNNING","apis":[` +
		`{"api":1,"task":0,"worker":"w1:8083","state":"RUNNING","waiting":"interval","until":"2026-03-01T12:00:14Z","reason":"end of stream",` +
		`"last_page":"2026-03-01T11:59:30Z","records":10,"pages":2,"rejected":1,"trace":""},` +
		`{"api":2,"task":0,"worker":"w1:8083","state":"RUNNING","waiting":"retry: GET https://a/b: 503 Service Unavailable","until":"2026-03-01T12:02:05Z",` +
		`"reason":"","records":0,"pages":0,"rejected":0,"trace":""},` +
		`{"api":3,"task":1,"worker":"","state":"UNASSIGNED","waiting":"no worker","reason":"","records":0,"pages":0,"rejected":0,"trace":""}]}`
	item0      = "00000000000000000000000000000000"
	item1      = "2f282351dab9edf07296fa035960faa1"
	failedItem = `{"id":"` + item1 + `","api":2,"values":{"id":"17"},"state":"failed","offset":{"offset":"4"},"attempt":5,"not_before":"2026-03-01T12:00:40Z",` +
		`"trace":"GET https://a/users/17/orders: 503 Service Unavailable\n\tat x","parent":1,"emitted":"2026-03-01T11:00:00Z","crawled":"2026-03-01T11:59:00Z","lane":3,"worker":"w1:8083"}`
	waitingItem = `{"id":"52dab900e4b36e35c90f83db362d407e","api":2,"values":{"id":"18"},"state":"waiting","attempt":0,"trace":"","parent":1,` +
		`"emitted":"2026-03-01T11:57:00Z","lane":5,"worker":"w1:8083"}`
	chainAPIs = `[{"api":2,"parents":[1],"url":"https://a/users/${id}/orders","placeholders":["id"],"waiting":12,"active":1,"idle":200,"failed":3,"ended":0,` +
		`"oldest_waiting":"2026-03-01T11:57:00Z","next_due":"2026-03-01T12:00:40Z"},` +
		`{"api":3,"parents":[1,2],"url":"https://a/teams/${team}","placeholders":["team","url"],"waiting":0,"active":0,"idle":7,"failed":0,"ended":1}]`
	chainQueue = `{"connector":"chain","topic":"HTTPv2-work-queue-chain","group":"HTTPv2-work-queue-consumers-chain","apis":` + chainAPIs + `,"lanes":[` +
		`{"lane":0,"worker":"w1:8083","state":"RUNNING","waiting":"interval","until":"2026-03-01T12:00:14Z","lag":12,"apis":[],"trace":""},` +
		`{"lane":1,"worker":"","state":"UNASSIGNED","waiting":"","lag":0,"apis":[],"trace":""}],"missing":["w2:8083"]}`
	chainExplain = `{"connector":"chain","state":"RUNNING","apis":[` +
		`{"api":1,"task":0,"worker":"w1:8083","state":"RUNNING","waiting":"","reason":"","records":0,"pages":0,"rejected":0,"trace":""},` +
		`{"api":2,"task":1,"worker":"w1:8083","state":"RUNNING","waiting":"","reason":"","records":0,"pages":0,"rejected":0,"trace":"","queue":` +
		`{"api":2,"parents":[1],"waiting":0,"active":0,"idle":200,"failed":3,"ended":0,"next_due":"2026-03-01T12:00:40Z"},"lanes":[` +
		`{"waiting":"interval","lanes":12,"workers":["w1:8083","w2:8083"],"until":"2026-03-01T12:00:14Z","trace":""},` +
		`{"waiting":"retry: fenced","lanes":2,"workers":["w2:8083"],"until":"2026-03-01T12:00:01Z","trace":""},{"waiting":"no worker","lanes":1,"workers":[],"trace":""}]},` +
		`{"api":3,"task":2,"worker":"w2:8083","state":"FAILED","waiting":"","reason":"","records":0,"pages":0,"rejected":0,"trace":"GET https://a: 401 (give a token)","queue":` +
		`{"api":3,"parents":[1,2],"waiting":1,"active":0,"idle":0,"failed":0,"ended":0,"oldest_waiting":"2026-03-01T11:57:00Z"},"lanes":[` +
		`{"waiting":"failed","lanes":15,"workers":["w2:8083"],"trace":"disk on fire"}]}]}`
	chainOffsets = `{"offsets":[{"partition":{"url":"https://a/users"},"offset":{"offset":"9"}},` +
		`{"partition":{"id":"17","url":"https://a/users/${id}/orders"},"offset":{"offset":"4"}}]}`
	noQueue = `404 {"error_code":404,"message":"Connector orders has no API chaining (api.chaining.parent.child.relationship), and so no work queue"}`
	moves   = `{"moves":[{"task":"orders/0","from":"w1:8083","to":"w2:8083","reason":"drain of w1:8083"}]}`
	valid   = `{"name":"HttpSourceV2","error_count":0,"groups":[],"configs":[]}`
	wrong   = `{"name":"HttpSourceV2","error_count":1,"groups":[],"configs":[{"definition":null,"value":{"name":"apis.num","value":"x",` +
		`"recommended_values":[],"errors":["must be a number"],"visible":true}}]}`
)

// answers is a cluster of two workers with one connector, orders.
func answers() map[string][]string {
	const base = "/headwater/v1"
	return map[string][]string{
		"GET /":                                                                    {`{"version":"1.0","commit":"c","kafka_cluster_id":"k1"}`},
		"GET /connectors":                                                          {`["orders","young"]`},
		"GET /connectors?expand=status":                                            {`{"orders":{"status":` + ordersStatus + `}}`},
		"GET /connectors/orders":                                                   {orders},
		"GET /connectors/orders/config":                                            {`{"connector.class":"HttpSourceV2","name":"orders","tasks.max":"2"}`},
		"GET /connectors/orders/status":                                            {ordersStatus},
		"GET /connectors/orders/tasks/0/status":                                    {`{"id":0,"state":"RUNNING","worker_id":"w1:8083"}`},
		"GET /connectors/orders/topics":                                            {`{"orders":{"topics":["orders","error-orders"]}}`},
		"GET /connectors/orders/offsets":                                           {offsets},
		"GET " + base + "/connectors/no/explain":                                   {missingConnector},
		"GET /connectors/no":                                                       {missingConnector},
		"GET /connectors/no/config":                                                {missingConnector},
		"GET /connectors/no/status":                                                {missingConnector},
		"PUT /connectors/no/pause":                                                 {missingConnector},
		"PUT /connectors/orders/pause":                                             {"202"},
		"PUT /connectors/orders/resume":                                            {"202"},
		"PUT /connectors/orders/stop":                                              {"204"},
		"PUT /connectors/orders/config":                                            {orders},
		"PUT /connectors/no/config":                                                {"201 " + orders},
		"PUT /connectors/orders/topics/reset":                                      {"202"},
		"POST /connectors":                                                         {"201 " + orders},
		"DELETE /connectors/orders":                                                {"204"},
		"POST /connectors/orders/tasks/0/restart":                                  {"204"},
		"POST /connectors/orders/tasks/9/restart":                                  {`404 {"error_code":404,"message":"Unknown task: orders-9"}`},
		"PATCH /connectors/orders/offsets":                                         {`{"message":"The offsets for this connector have been altered successfully"}`},
		"DELETE /connectors/orders/offsets":                                        {`{"message":"The offsets for this connector have been reset successfully"}`},
		"GET " + base + "/cluster":                                                 {workers},
		"GET " + base + "/assignments":                                             {assignments},
		"GET " + base + "/connectors/orders/explain":                               {explain},
		"GET " + base + "/connectors/orders/queue":                                 {noQueue},
		"GET " + base + "/connectors/chain/queue":                                  {chainQueue},
		"GET " + base + "/connectors/chain/explain":                                {chainExplain},
		"GET /connectors/chain/offsets":                                            {chainOffsets},
		"GET /connectors/chain/status":                                             {strings.ReplaceAll(ordersStopped, "orders", "chain")},
		"PATCH /connectors/chain/offsets":                                          {`{"message":"The offsets for this connector have been altered successfully"}`},
		"GET " + base + "/connectors/chain/queue/items?limit=100":                  {`{"items":[` + failedItem + `,` + waitingItem + `],"missing":[],"unread":0}`},
		"GET " + base + "/connectors/chain/queue/items?api=2&limit=1&state=failed": {`{"items":[` + failedItem + `],"next":"` + item1 + `","missing":[],"unread":1}`},
		"GET " + base + "/connectors/chain/queue/items?api=2&limit=1000&state=failed":                     {`{"items":[` + failedItem + `],"next":"` + item1 + `","missing":[],"unread":0}`},
		"GET " + base + "/connectors/chain/queue/items?after=" + item1 + "&api=2&limit=1000&state=failed": {`{"items":[],"missing":["w2:8083"],"unread":0}`},
		"GET " + base + "/connectors/chain/queue/items?limit=1000&state=failed":                           {`{"items":[` + failedItem + `],"missing":[],"unread":0}`},
		"GET " + base + "/connectors/chain/queue/items?limit=1000&state=ended":                            {`{"items":[],"missing":[],"unread":0}`},
		"GET " + base + "/connectors/chain/queue/items/" + item1:                                          {failedItem},
		"POST " + base + "/connectors/chain/queue/items/" + item1 + "/retry":                              {failedItem},
		"POST " + base + "/connectors/chain/queue/items/" + item0 + "/retry":                              {`404 {"error_code":404,"message":"Connector chain has no work item ` + item0 + `"}`},
		"POST " + base + "/connectors/chain/queue/items/" + item1 + "/skip":                               {strings.Replace(failedItem, "failed", "idle", 1)},
		"POST " + base + "/assignments/plan":                                                              {moves},
		"POST " + base + "/assignments/apply":                                                             {moves},
		"PUT /connector-plugins/HttpSourceV2/config/validate":                                             {valid},
		"POST /connectors/orders/restart?includeTasks=true&onlyFailed=true":                               {"202 " + ordersStatus},
		"POST /connectors/orders/restart?includeTasks=true&onlyFailed=false":                              {"202 " + ordersStatus},
	}
}

// jsonOf makes sure that what was written for machines is for machines.
func jsonOf(t *testing.T, text string) {
	t.Helper()
	if !json.Valid([]byte(text)) {
		t.Errorf("no JSON: %s", text)
	}
}
