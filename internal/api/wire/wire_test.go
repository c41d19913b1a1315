package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/api/wire"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// The shapes are a promise to whoever reads them with another tool.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{
			wire.Cluster{Group: "g", Epoch: 12, Leader: "w1", Workers: []wire.Worker{{
				Name: "w1", Instance: "i", URL: "http://w1", Version: "1", Protocol: 1, State: wire.Alive, Leader: true, Tasks: 20, Started: at,
			}}},
			`{"group":"g","epoch":12,"leader":"w1","workers":[{"name":"w1","instance":"i","url":"http://w1","version":"1","protocol":1,` +
				`"state":"alive","leader":true,"draining":false,"drain_reason":"","tasks":20,"load":0,"started":"2026-03-01T12:00:00Z"}]}`,
		},
		{
			wire.Assignments{Epoch: 12, Tasks: []wire.Task{{
				Task: "orders/0", Connector: "orders", APIs: []string{"api1"}, Worker: "w1", Epoch: 3, Reason: "new task", Since: at, Pinned: "w1",
			}}},
			`{"epoch":12,"tasks":[{"task":"orders/0","connector":"orders","id":0,"apis":["api1"],"worker":"w1","epoch":3,` +
				`"reason":"new task","since":"2026-03-01T12:00:00Z","pinned":"w1","crashes":0}]}`,
		},
		{
			wire.Change{Pin: map[string]string{"orders/0": "w1"}, Drain: []string{"w2"}},
			`{"pin":{"orders/0":"w1"},"drain":["w2"]}`,
		},
		{
			wire.Moves{Moves: []wire.Move{{Task: "orders/0", From: "w1", To: "w2", Reason: "drain of w1"}}},
			`{"moves":[{"task":"orders/0","from":"w1","to":"w2","reason":"drain of w1"}]}`,
		},
		{
			wire.Explain{Connector: "orders", State: "RUNNING", APIs: []wire.API{{API: 1, Worker: "w1", State: "RUNNING", Waiting: "interval", Records: 10}}},
			`{"connector":"orders","state":"RUNNING","apis":[{"api":1,"task":0,"worker":"w1","state":"RUNNING","waiting":"interval",` +
				`"reason":"","records":10,"pages":0,"rejected":0,"trace":""}]}`,
		},
	} {
		if got, err := json.Marshal(c.value); err != nil || string(got) != c.want {
			t.Errorf("%s\n%v, want\n%s", got, err, c.want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		change wire.Change
		want   []string // empty: fine
	}{
		{wire.Change{Pin: map[string]string{"a/0": "w"}, Move: map[string]string{"a/0": "w"}, Unpin: []string{"b/10"}, Drain: []string{"x"}, Undrain: []string{"y"}}, nil},
		{wire.Change{}, []string{"nothing to change"}},
		{wire.Change{Unpin: make([]string, 10_001)}, []string{"10001 changes at once"}},
		{wire.Change{Pin: map[string]string{"a": "w", "b/x": ""}}, []string{`pin: "a" is no task`, `"x" is no number`, `pin of b/x: "" is no worker's name`}},
		{wire.Change{Move: map[string]string{"a/01": "w\n"}, Unpin: []string{"/1"}}, []string{`move: "a/01"`, `move of a/01: "w\n"`, `unpin: "/1"`}},
		{wire.Change{Pin: map[string]string{"a/0": "w"}, Unpin: []string{"a/0"}}, []string{"in both pin and unpin"}},
		{wire.Change{Pin: map[string]string{"a/0": "w"}, Move: map[string]string{"a/0": "v"}}, []string{"pinned to w and moved to v"}},
		{wire.Change{Drain: []string{"w"}, Undrain: []string{"w"}}, []string{"worker w is in both drain and undrain"}},
	} {
		err := c.change.Validate()
		if (err == nil) != (c.want == nil) {
			t.Errorf("%+v: %v, want %q", c.change, err, c.want)
		}
		for _, part := range c.want {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%v does not say %q", err, part)
			}
		}
	}
}

func FuzzParseTask(f *testing.F) {
	for _, s := range []string{"orders/0", "a/b/7", "/1", "a/", "a/-1", "a/99999999999", "a\x00/1", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		connector, id, err := wire.ParseTask(name)
		if err == nil && wire.TaskName(connector, id) != name {
			t.Errorf("%q became %q", name, wire.TaskName(connector, id))
		}
	})
}
