package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
)

const (
	paused = `{"name":"orders","connector":{"state":"PAUSED"},"tasks":[{"id":0,"state":"PAUSED"},{"id":1,"state":"PAUSED"}]}`
	none   = `404 {"error_code":404,"message":"No status found for connector orders"}`
	moved0 = `{"epoch":13,"tasks":[{"task":"orders/0","connector":"orders","id":0,"worker":"w2:8083","epoch":13}]}`
)

// What --wait waits for: exit 0 once it is there, 1 when it can no longer come, 4 when it does not come in time.
func TestWait(t *testing.T) {
	const (
		status  = "GET /connectors/orders/status"
		present = "GET /connectors/orders"
		rows    = "GET /headwater/v1/assignments"
		task    = "GET /connectors/orders/tasks/0/status"
	)
	twoTasks := file(t, "orders.json", `{"name":"orders","config":{"connector.class":"HttpSourceV2","tasks.max":"7"}}`)
	for _, c := range []struct {
		line string
		with map[string][]string
		code int
		says string // on either stream
	}{
		{"connector pause orders", map[string][]string{status: {ordersRunning, ordersRunning, paused}}, 0, "orders: paused, PAUSED now"},
		{"connector pause orders", map[string][]string{status: {ordersRunning}}, 4, "timed out after 50ms: waited until orders is PAUSED; now: RUNNING; tasks: 2 RUNNING"},
		{"connector stop orders", map[string][]string{status: {ordersRunning, ordersStopped}}, 0, "STOPPED now"},
		{"connector resume orders", map[string][]string{status: {none, ordersStopped, ordersRunning}}, 0, "RUNNING now"},
		{"connector resume orders", map[string][]string{status: {ordersStatus}}, 1, "connector orders has FAILED: task 1: fetch: 401"},
		{"connector restart orders", map[string][]string{status: {ordersStatus, ordersStatus, ordersRunning}}, 0, "RUNNING now"},
		{"connector delete orders", map[string][]string{present: {orders, missingConnector}}, 0, "orders: deleted"},
		{"connector delete orders", nil, 4, "waited until orders is gone"},
		{"connector apply " + twoTasks, map[string][]string{status: {none, ordersRunning}}, 0, "orders: changed, RUNNING now"},
		{"connector apply " + twoTasks, map[string][]string{status: {paused}}, 0, "orders: changed, PAUSED now"},
		{"connector create --state STOPPED " + twoTasks, map[string][]string{status: {none, ordersStopped}}, 0, "orders: created, STOPPED now"},
		{"task restart orders/0", map[string][]string{task: {`{"id":0,"state":"RESTARTING"}`, `{"id":0,"state":"RUNNING"}`}}, 0, "RUNNING now"},
		{"task restart orders/0", map[string][]string{task: {`{"id":0,"state":"FAILED","trace":"no"}`}}, 4, "now: FAILED no"},
		{"assign drain w1:8083", map[string][]string{rows: {assignments, moved0}}, 0, "drain of w1:8083"},
		{"assign drain w1:8083", nil, 4, "waited until w1:8083 has no tasks; now: w1:8083 has 1 tasks"},
		{"assign move orders/0 w2:8083", map[string][]string{rows: {assignments, moved0}, task: {`{"id":0,"state":"RUNNING","worker_id":"w2:8083"}`}}, 0, "w2:8083"},
		{"assign pin orders/0 w2:8083", map[string][]string{rows: {moved0}}, 4, "orders/0 is RUNNING on w1:8083"},
		{"assign pin orders/0 w2:8083", nil, 4, "not assigned to w2:8083 yet"},
	} {
		all := answers()
		for line, list := range c.with {
			all[line] = list
		}
		timeout := "20s"
		if c.code == 4 {
			timeout = "50ms"
		}
		s := ctl(t, serve(t, all).URL, "", append(strings.Fields(c.line), "--wait", "--timeout", timeout)...)
		if text := s.out.String() + s.err.String(); s.code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("%s: exit %d, want %d and %q:\n%s", c.line, s.code, c.code, c.says, text)
		}
	}
}

func TestExitCodes(t *testing.T) {
	boom := answers()
	boom["PUT /connectors/orders/pause"] = []string{`500 {"message":"boom"}`}
	boom["PUT /connector-plugins/HttpSourceV2/config/validate"] = []string{wrong}
	boom["POST /connectors"] = []string{`409 {"message":"Connector no already exists"}`}
	boom["GET /connectors"] = []string{`401 {"message":"who?"}`}
	c := serve(t, boom)
	for _, one := range []struct {
		line, stdin string
		code        int
		says        string
	}{
		{"connector get orders", "", 0, ""},
		{"connector pause orders", "", 1, "boom"},
		{"connector create -", newConnector, 2, "to replace its configuration, apply it instead"},
		{"connector validate -", newConnector, 2, "apis.num: must be a number"},
		{"connector apply - --dry-run", newConnector, 2, "apis.num: must be a number"},
		{"connector list", "", 2, "HEADWATER_TOKEN"},
	} {
		s := ctl(t, c.URL, one.stdin, strings.Fields(one.line)...)
		if text := s.out.String() + s.err.String(); s.code != one.code || !strings.Contains(text, one.says) {
			t.Errorf("%s: exit %d, want %d: %s", one.line, s.code, one.code, text)
		}
	}
	c.Close()
	if s := ctl(t, c.URL, "", "connector", "list"); s.code != 3 || !strings.Contains(s.err.String(), "no worker answers") || !strings.Contains(s.err.String(), "--server") {
		t.Errorf("exit %d %s", s.code, s.err.String())
	}
	if s := ctl(t, c.URL, "", "version"); s.code != 0 || !strings.Contains(s.out.String(), "not known") {
		t.Errorf("exit %d %s", s.code, s.out.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s := ctlWithin(ctx, c.URL, "", "connector", "list"); s.code != 130 || s.err.String() != "workerctl: interrupted\n" {
		t.Errorf("exit %d %s", s.code, s.err.String())
	}
}

// stopAt ends a watch once it has shown something.
type stopAt struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	text string
	stop func()
}

func (w *stopAt) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.buf.Write(p)
	if strings.Contains(w.buf.String(), w.text) {
		w.stop()
	}
	return n, err
}

func TestWatch(t *testing.T) {
	c := serve(t, answers())
	for format, want := range map[string]string{
		"table": "12:00:00  orders/0  w1:8083  (new task)\n12:00:00  orders/1  nobody  (all workers are draining)\n" +
			"12:00:00  orders/0  w1:8083 -> w2:8083\n12:00:00  orders/1  nobody  (the task is gone)\n",
		"json": `{"time":"2026-03-01T12:00:00Z","task":"orders/0","from":"","to":"w1:8083","reason":"new task","epoch":3}` + "\n",
		"yaml": "---\ntime: \"2026-03-01T12:00:00Z\"\ntask: orders/0\nfrom: \"\"\n",
	} {
		c.mu.Lock()
		c.answers["GET /headwater/v1/assignments"] = []string{assignments, assignments, moved0}
		c.mu.Unlock()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		out := &stopAt{text: "the task is gone", stop: cancel}
		tool := run.New(show.Streams{Out: out, Err: &bytes.Buffer{}}, func(string) string { return "" })
		tool.Now = func() time.Time { return now }
		if code := execute(ctx, []string{"assign", "watch", "-o", format, "--server", c.URL}, tool); code != 130 {
			t.Errorf("exit %d", code)
		}
		if got := out.buf.String(); !strings.HasPrefix(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", format, got, want)
		}
		cancel()
	}
}

// TestQueueWatch shows the numbers of items at first and each change of them.
func TestQueueWatch(t *testing.T) {
	all := answers()
	const line = "GET /headwater/v1/connectors/chain/queue"
	all[line] = []string{chainQueue, chainQueue, strings.Replace(chainQueue, `"waiting":12`, `"waiting":11`, 1)}
	c := serve(t, all)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out := &stopAt{text: "11 waiting", stop: cancel}
	tool := run.New(show.Streams{Out: out, Err: &bytes.Buffer{}}, func(string) string { return "" })
	tool.Now = func() time.Time { return now }
	if code := execute(ctx, []string{"queue", "watch", "chain", "--server", c.URL}, tool); code != 130 {
		t.Errorf("exit %d", code)
	}
	const tail = ", 1 active, 200 idle, 3 failed, 0 ended; oldest waiting 3 min ago; no answer from w2:8083; lanes that nobody reads: 1\n"
	want := "12:00:00  api2  12 waiting" + tail + "12:00:00  api3  0 waiting, 0 active, 7 idle, 0 failed, 1 ended; no answer from w2:8083; " +
		"lanes that nobody reads: 1\n" + "12:00:00  api2  11 waiting" + tail
	if got := out.buf.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
