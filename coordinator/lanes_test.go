package coordinator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/connector"
)

// family is a connector with a parent API and a child API.
func family(change ...string) map[string]string {
	return config(2, 0, append([]string{
		"api.chaining.parent.child.relationship", "api1::api2", "api2.http.api.path", "/items2/${id}/${offset}",
	}, change...)...)
}

// lanesOf lists the work queues that n may run.
func (n *node) lanesOf() string {
	return strings.Join(slices.Sorted(maps.Keys(n.lanes(map[string]WantLanes{}))), " ")
}

func laneIDs(name string) string {
	return strings.Join(slices.Sorted(slices.Values(connector.LaneIDs("g", name))), " ")
}

// TestLanesFollowTheirConnector: they may run while it is started, under one epoch for as long as its configuration is the
// same, and before another one counts nobody can commit as a lane any more (R16).
func TestLanesFollowTheirConnector(t *testing.T) {
	w := newWorld()
	a, b := w.add("a"), w.add("b")
	a.put(t, "plain", config(2, 0))
	a.put(t, "c", family())
	a.settle(t)
	same(t, "started", a.lanesOf()+", "+b.lanesOf(), "c, c")
	lease := a.Board.Lanes("c", a.Board.View().Lanes["c"].GetEpoch())
	must(t, lease.Check(t.Context()))
	w.kill(b)
	a.settle(t)
	must(t, lease.Check(t.Context())) // who has the tasks is no matter of the lanes

	w.forget()
	a.put(t, "c", family("api2.topics", "elsewhere"))
	if err := lease.Check(t.Context()); err == nil {
		t.Error("the lease of another configuration holds")
	}
	story := strings.Split(w.told(), "\n")
	if len(story) < 3 || !strings.Contains(story[0], "lanes/c") || !strings.Contains(story[1], laneIDs("c")) || !strings.Contains(story[2], "connector-c") {
		t.Errorf("%s", w.told())
	}
	same(t, "before the next pass", a.lanesOf(), "")
	a.settle(t)
	same(t, "changed", a.lanesOf(), "c")

	before := a.Board.View().Lanes["c"].GetEpoch()
	must(t, a.Herder.Restart(t.Context(), "c", func(int) bool { return true }))
	if now := a.Board.View().Lanes["c"].GetEpoch(); now <= before {
		t.Errorf("restarted, the lanes go on under epoch %d", now)
	}
	for state, runs := range map[configs.Target]string{configs.Paused: "", configs.Stopped: "", configs.Started: "c"} {
		must(t, a.Herder.Target(t.Context(), "c", string(state)))
		a.settle(t)
		same(t, string(state), a.lanesOf(), runs)
	}
	must(t, a.Herder.Delete(t.Context(), "c"))
	a.settle(t)
	if row, there := a.Board.View().Lanes["c"]; there {
		t.Errorf("deleted, there is a row %v", row)
	}
	w.epochs(t)
}

// TestNobodyRunsLanesWho is silent or stopping.
func TestNobodyRunsLanesWho(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.put(t, "c", family())
	a.settle(t)
	a.silent.Store(true)
	same(t, "silent", a.lanesOf(), "")
	a.silent.Store(false)
	a.stopping.Store(true)
	same(t, "stopping", a.lanesOf(), "")
}

// TestTheLanesOfTheDeadAreTakenOver once a worker is missing, and at the first pass of a leader, who does not know.
func TestTheLanesOfTheDeadAreTakenOver(t *testing.T) {
	w := newWorld()
	a, b := w.add("a"), w.add("b")
	a.put(t, "c", family())
	a.settle(t)
	var told []string
	b.Bury = func(_ context.Context, name string, living map[string]bool) error {
		told = append(told, fmt.Sprint(name, " ", slices.Sorted(maps.Keys(living))))
		return nil
	}
	a.lead(false)
	b.lead(true)
	b.settle(t)
	same(t, "the first pass", strings.Join(told, ", "), "c [a/a-1 b/b-2]")
	b.settle(t)
	w.kill(a)
	b.settle(t)
	same(t, "one is missing", strings.Join(told, ", "), "c [a/a-1 b/b-2], c [b/b-2]")
}
