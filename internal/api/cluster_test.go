package api

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/api/wire"
)

// crew is a cluster of one worker, w1, that runs orders/0; change is what it was asked for last.
type crew struct {
	change wire.Change
	dry    bool
	err    error
}

var since = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (c *crew) View(context.Context) (wire.Cluster, error) {
	w, _ := c.Worker(context.Background())
	return wire.Cluster{Group: "g", Epoch: 3, Leader: "w1", Workers: []wire.Worker{w}}, c.err
}

func (c *crew) Worker(context.Context) (wire.Worker, error) {
	return wire.Worker{Name: "w1", Instance: "i", State: wire.Alive, Leader: true, Tasks: 1, Protocol: 1, Started: since}, c.err
}

func (c *crew) Assignments(context.Context) (wire.Assignments, error) {
	return wire.Assignments{Epoch: 3}, c.err
}

func (c *crew) Explain(_ context.Context, name string) (wire.Explain, error) {
	return wire.Explain{Connector: name, State: "RUNNING", APIs: c.ExplainOwn(name)}, c.err
}

func (c *crew) ExplainOwn(string) []wire.API {
	return []wire.API{{API: 1, Worker: "w1", State: "RUNNING", Waiting: "interval", Until: since}}
}

func (c *crew) Change(_ context.Context, change wire.Change, dry bool) (wire.Moves, error) {
	c.change, c.dry = change, dry
	return wire.Moves{}, c.err
}

const shownWorker = `{"name":"w1","instance":"i","url":"","version":"","protocol":1,"state":"alive","leader":true,"draining":false,` +
	`"drain_reason":"","tasks":1,"load":0,"started":"2026-03-01T12:00:00Z"}`

const shownAPI = `[{"api":1,"task":0,"worker":"w1","state":"RUNNING","waiting":"interval","until":"2026-03-01T12:00:00Z",` +
	`"reason":"","records":0,"pages":0,"rejected":0,"trace":""}]`

func TestClusterCalls(t *testing.T) {
	const base, refused = "/headwater/v1", "The change cannot be made: "
	opts := options(sample())
	c := &crew{}
	opts.Cluster, opts.Assigner, opts.Self = c, c, c
	for _, one := range []struct {
		line, body string
		code       int
		want       string // what the answer holds
	}{
		{"GET " + base + "/cluster", "", 200, `{"group":"g","epoch":3,"leader":"w1","workers":[` + shownWorker + `]}`},
		{"GET " + base + "/worker", "", 200, shownWorker},
		{"GET " + base + "/assignments", "", 200, `{"epoch":3,"tasks":[]}`},
		{"GET " + base + "/connectors/my-http/explain", "", 200, `{"connector":"my-http","state":"RUNNING","apis":` + shownAPI + `}`},
		{"GET " + base + "/connectors/my-http/explain?scope=worker", "", 200, `{"connector":"my-http","state":"","apis":` + shownAPI + `}`},
		{"GET " + base + "/connectors/no/explain", "", 404, "Connector no not found"},
		{"POST " + base + "/assignments/plan", `{"drain":["w1"]}`, 200, `{"moves":[]}`},
		{"POST " + base + "/assignments/plan", `{}`, 400, refused + "nothing to change"},
		{"POST " + base + "/assignments/plan", `{"pin":{"my-http":"w1"}}`, 400, refused + `pin: \"my-http\" is no task`},
		{"POST " + base + "/assignments/plan", `{"drains":["w1"]}`, 400, `unknown field \"drains\"`},
		{"POST " + base + "/assignments/plan", `[]`, 400, "not as expected"},
		{"POST " + base + "/assignments/apply", `{"move":{"my-http/0":"w2"},"pin":{"my-http/1":"w1"},"unpin":["a/0"],"undrain":["w3"]}`, 200, `{"moves":[]}`},
		{"GET " + base + "/assignments/apply", "", 405, "HTTP 405"},
	} {
		c.change = wire.Change{}
		got := ask(server(t, opts), one.line, one.body)
		if got.Code != one.code || !strings.Contains(got.Body.String(), one.want) {
			t.Errorf("%s %s\n%d %s\nwant %d %s", one.line, one.body, got.Code, got.Body, one.code, one.want)
		}
		if asked := c.change.Drain != nil || c.change.Move != nil; asked != (one.code == 200 && one.body != "") {
			t.Errorf("%s %s: the cluster was asked: %t", one.line, one.body, asked)
		}
	}
	ask(server(t, opts), "POST "+base+"/assignments/apply", `{"move":{"my-http/0":"w2"}}`)
	if c.dry || c.change.Move["my-http/0"] != "w2" {
		t.Errorf("%+v dry %t", c.change, c.dry)
	}
	ask(server(t, opts), "POST "+base+"/assignments/plan", `{"drain":["w1"]}`)
	if !c.dry {
		t.Error("a plan was applied")
	}
}

func TestClusterThatIsNotThere(t *testing.T) {
	for _, line := range []string{"GET /cluster", "GET /worker", "GET /assignments", "GET /connectors/my-http/explain", "POST /assignments/plan"} {
		method, path, _ := strings.Cut(line, " ")
		var body string
		if method == "POST" {
			body = `{"drain":["w1"]}`
		}
		if got := ask(server(t, options(sample())), method+" /headwater/v1"+path, body); got.Code != 501 {
			t.Errorf("%s: %d %s", line, got.Code, got.Body)
		}
	}
	opts := options(sample())
	c := &crew{err: errors.New("boom")}
	opts.Cluster, opts.Assigner, opts.Self = c, c, c
	for _, line := range []string{"GET /cluster", "GET /worker", "GET /assignments", "GET /connectors/my-http/explain"} {
		method, path, _ := strings.Cut(line, " ")
		if got := ask(server(t, opts), method+" /headwater/v1"+path, ""); got.Code != 500 || !strings.Contains(got.Body.String(), "boom") {
			t.Errorf("%s: %d %s", line, got.Code, got.Body)
		}
	}
}
