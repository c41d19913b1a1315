package coordinator

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/gossip"
)

// three starts three workers that gossip, and a connector with a task for each.
func three(t *testing.T) (*world, *node, *node, *node) {
	t.Helper()
	w := newWorld()
	a, b, c := w.add("a"), w.add("b"), w.add("c")
	for _, n := range w.nodes {
		n.gossips()
		for _, o := range w.nodes {
			n.talk.hear(o, gossip.Alive, false)
		}
	}
	a.put(t, "x", config(3, 0))
	a.settle(t)
	same(t, "at first", a.placed(), "x/0 a, x/1 b, x/2 c")
	w.forget()
	return w, a, b, c
}

// TestWhomGossipHoldsForDead: the group does not know it yet, the work is moved all the same. Its ids are fenced before the
// row is written.
func TestWhomGossipHoldsForDead(t *testing.T) {
	for state, moves := range map[gossip.State]bool{
		gossip.Dead: true, gossip.Left: true, gossip.Suspect: false, gossip.Unknown: false, gossip.Alive: false,
	} {
		t.Run(state.String(), func(t *testing.T) {
			w, a, b, _ := three(t)
			a.talk.hear(b, state, false)
			a.settle(t)
			if !moves {
				same(t, "story", w.told(), "")
				return
			}
			same(t, "story", strings.TrimSuffix(strings.TrimSuffix(w.told(), " a"), " c"), "fence g-x-1\ntask/x/1")
			if row := a.row(t, "x/1"); row.GetCrashCount() != 1 || row.GetReason() != "worker b lost" || row.GetFrom() != "" {
				t.Errorf("row: %v", row)
			}
			if b.runs() != "" {
				t.Errorf("the one that was taken for dead runs %s", b.runs())
			}
		})
	}
}

// TestMostOfTheGroupIsNotDead: who hears that of most others is cut off itself.
func TestMostOfTheGroupIsNotDead(t *testing.T) {
	w, a, b, c := three(t)
	a.talk.hear(b, gossip.Dead, false)
	a.talk.hear(c, gossip.Dead, false)
	a.settle(t)
	same(t, "story", w.told(), "")
	w.owners(t, "x/0", "x/1", "x/2")
	w.kill(c) // now the group says so too
	a.settle(t)
	same(t, "of two that are left, one may be dead", a.placed(), "x/0 a, x/1 a, x/2 a")
}

// TestAnUnstableGroup: while it rebalances, its list lacks members, and nothing is done on it.
func TestAnUnstableGroup(t *testing.T) {
	t.Run("later", func(t *testing.T) {
		w, a, _, _ := three(t)
		a.asked = func() ([]Living, bool, error) { return w.members[:1], false, nil }
		a.settle(t)
		same(t, "story", w.told(), "")
		a.asked = func() ([]Living, bool, error) { return nil, false, errors.New("away") }
		if err := a.once(t.Context()); err == nil || w.told() != "" {
			t.Errorf("%v: %s", err, w.told())
		}
	})
	for name, some := range map[string]int{"seen first by a new leader, empty": 0, "seen first by a new leader, incomplete": 1} {
		t.Run(name, func(t *testing.T) {
			w, a, b, _ := three(t)
			a.lead(false)
			b.lead(true)
			b.asked = func() ([]Living, bool, error) { return w.members[:some:some], false, nil }
			_ = b.once(t.Context()) // whether that is an error is its own affair
			same(t, "story", w.told(), "")
			w.owners(t, "x/0", "x/1", "x/2")
			b.asked = nil
			b.settle(t)
			same(t, "story", w.told(), "")
		})
	}
	t.Run("seen first when it leads for the second time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, a, b, c := three(t)
			a.lead(false)
			b.lead(true)
			w.kill(c)
			w.start("c", "c-again").gossips()
			b.settle(t)
			run(t, time.Second, a) // it follows for a while
			b.lead(false)
			w.forget()
			a.lead(true)
			w.unstable = true
			_ = a.once(t.Context())
			same(t, "story", w.told(), "")
			w.owners(t, "x/0", "x/1", "x/2")
		})
	})
}

// TestAWorkerThatWasStartedAgain keeps its tasks: its rows get the new instance, one more crash and a new epoch, and the
// ids are fenced first.
func TestAWorkerThatWasStartedAgain(t *testing.T) {
	w, a, b, _ := three(t)
	w.forget()
	again := w.start("b", "b-again") // beside its predecessor, whose session has not run out
	again.gossips()
	old := a.row(t, "x/1")
	a.settle(t)
	same(t, "story", w.told(), "fence g-x-1\ntask/x/1 b")
	row := a.row(t, "x/1")
	if row.GetInstance() != "b-again" || row.GetCrashCount() != 1 || row.GetEpoch() <= old.GetEpoch() || row.GetReason() != "worker restarted" {
		t.Errorf("row: %v", row)
	}
	if b.runs() != "" || again.runs() != "x/1" {
		t.Errorf("the former instance runs %q, the new one %q", b.runs(), again.runs())
	}
	if l := b.Board.Lease(Task("x", 1), old.GetEpoch()); !lost(l.Check(t.Context())) {
		t.Error("the former instance still has its lease")
	}
	w.kill(b)
	w.forget()
	a.settle(t)
	same(t, "when the former's session ends", w.told(), "")
	w.epochs(t)
}

// TestCrashesAreCounted while a task's workers are lost in a row; a move that was wanted begins anew.
func TestCrashesAreCounted(t *testing.T) {
	w, a, b, c := three(t)
	crashes := func(want int32) {
		t.Helper()
		if got := a.row(t, "x/1").GetCrashCount(); got != want {
			t.Errorf("%d crashes, want %d", got, want)
		}
	}
	w.kill(b)
	a.settle(t)
	crashes(1)
	if a.row(t, "x/1").GetWorker() == "c" {
		w.kill(c)
		a.settle(t)
		crashes(2)
	}
	d := w.add("d")
	d.gossips()
	if _, err := a.Change(t.Context(), Change{Move: taskTo(t, "x/1", "d")}, false); err != nil {
		t.Fatal(err)
	}
	crashes(0)
	if row := a.row(t, "x/1"); row.GetWorker() != "d" || row.GetFrom() != "a" {
		t.Errorf("row: %v", row)
	}
}

// TestAllWorkersLeave: the tasks stay where they are until the last one is gone, and are taken up by the next to come.
func TestAllWorkersLeave(t *testing.T) {
	w, a, b, c := three(t)
	for _, n := range []*node{a, b, c} {
		a.talk.hear(n, gossip.Alive, true)
	}
	a.settle(t)
	same(t, "all are leaving", w.told(), "")
	for _, n := range []*node{a, b, c} {
		w.kill(n)
	}
	d := w.add("d")
	d.lead(true)
	d.settle(t)
	w.owners(t, "x/0", "x/1", "x/2")
	w.epochs(t)
}

// TestNobodyIsThere: a leader that is alone and not in the list yet gives the tasks to nobody, and settles.
func TestNobodyIsThere(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.asked = func() ([]Living, bool, error) { return nil, true, nil }
	a.put(t, "x", config(1, 0))
	a.settle(t)
	w.owners(t)
	a.asked = nil
	a.settle(t)
	w.owners(t, "x/0")
}

// TestAWorkerThatIsLeaving is relieved of its tasks and says when it has let go.
func TestAWorkerThatIsLeaving(t *testing.T) {
	w, a, b, _ := three(t)
	a.talk.hear(b, gossip.Alive, true)
	a.settle(t)
	row := a.row(t, "x/1")
	if row.GetWorker() == "b" || row.GetFrom() != "b" || row.GetReason() != "drain of b" || row.GetCrashCount() != 0 {
		t.Errorf("row: %v", row)
	}
	if strings.Contains(w.told(), "fence") {
		t.Errorf("a living worker was fenced: %s", w.told())
	}
}

// TestTasksThatAreGone: their rows become tombstones.
func TestTasksThatAreGone(t *testing.T) {
	w, a, _, _ := three(t)
	w.append(configs.Topic(configTopic).Delete("x")...) // by someone else
	w.owners(t)
	a.settle(t)
	same(t, "story", w.told(), "task/x/0 gone, task/x/1 gone, task/x/2 gone")
	same(t, "rows", a.placed(), "")
}

// TestAnUnfencedLossIsNoReasonToWait: the next holder's claim fences too.
func TestAnUnfencedLossIsNoReasonToWait(t *testing.T) {
	w, a, b, _ := three(t)
	a.unfenced = func([]string) error { return errAway }
	w.kill(b)
	a.settle(t)
	w.owners(t, "x/0", "x/1", "x/2")
}

func TestWithoutGossip(t *testing.T) {
	w := newWorld()
	a, b := w.add("a"), w.add("b")
	a.put(t, "x", config(2, 0))
	a.settle(t)
	a.Leave(t.Context()) // at once: nobody could be told
	w.kill(b)
	a.settle(t)
	w.owners(t, "x/0", "x/1")
}

// TestAViewIsNotChangedByWhatIsDoneWithIt: rows share their messages with every view.
func TestAViewIsNotChangedByWhatIsDoneWithIt(t *testing.T) {
	w, a, b, _ := three(t)
	view := b.Board.View()
	before := describe(view)
	for _, err := range []error{
		a.Herder.Restart(t.Context(), "x", func(int) bool { return true }), a.Herder.Put(t.Context(), "x", config(2, 0)), a.once(t.Context()),
	} {
		must(t, err)
	}
	if _, err := a.Change(t.Context(), Change{Drain: []string{"b"}}, false); err != nil {
		t.Fatal(err)
	}
	same(t, "an old view", describe(view), before)
	w.epochs(t)
}
