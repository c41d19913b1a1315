package coordinator

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/handover"
	"github.com/headwater/headwater/coordinator/rows"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// TestAFollowerRunsItsOwnRowsOnly: those with its name, its instance and the fingerprint of what it has read.
func TestAFollowerRunsItsOwnRowsOnly(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.put(t, "c", config(1, 0))
	a.settle(t)
	good := a.row(t, "c/0")
	for name, c := range map[string]struct {
		change func(*headwaterv1.Assignment)
		runs   string
	}{
		"ours":                  {func(*headwaterv1.Assignment) {}, "c/0"},
		"a later epoch":         {func(r *headwaterv1.Assignment) { r.Epoch += 7 }, "c/0"},
		"another name":          {func(r *headwaterv1.Assignment) { r.Worker = "b" }, ""},
		"nobody":                {func(r *headwaterv1.Assignment) { r.Worker, r.Instance = "", "" }, ""},
		"another instance":      {func(r *headwaterv1.Assignment) { r.Instance = "a-0" }, ""},
		"no instance":           {func(r *headwaterv1.Assignment) { r.Instance = "" }, ""},
		"another configuration": {func(r *headwaterv1.Assignment) { r.Config = "00" }, ""},
		"no configuration":      {func(r *headwaterv1.Assignment) { r.Config = "" }, ""},
	} {
		row := proto.CloneOf(good)
		c.change(row)
		w.append(rows.Topic(rowTopic).Task(Task("c", 0), row))
		if got := a.runs(); got != c.runs {
			t.Errorf("%s: runs %q, want %q", name, got, c.runs)
		}
	}
	w.append(rows.Topic(rowTopic).Task(Task("c", 0), good))
	w.append(rows.Topic(rowTopic).Task(Task("gone", 0), good))
	same(t, "of a connector that is not there", a.runs(), "c/0")
	for state, runs := range map[configs.Target]string{configs.Paused: "", configs.Stopped: "", configs.Started: "c/0"} {
		w.append(configs.Topic(configTopic).TargetState("c", state)...)
		same(t, string(state), a.runs(), runs)
	}
}

// TestWhatStaysIsTakenOver: a configuration is worked out once a run, and a run that goes on keeps its wait.
func TestWhatStaysIsTakenOver(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.put(t, "c", config(2, 0))
	a.settle(t)
	first := a.wants(map[rows.Task]Want{})
	parsed := 0
	a.parse = func(map[string]string) error { parsed++; return nil }
	for task, want := range a.wants(first) {
		if !want.Same(first[task]) {
			t.Errorf("%s changed", task)
		}
	}
	if parsed != 0 {
		t.Errorf("configurations were worked out %d times", parsed)
	}
	must(t, a.Herder.Restart(t.Context(), "c", func(n int) bool { return n == 1 }))
	second := a.wants(first)
	if parsed != 1 || second[Task("c", 1)].Same(first[Task("c", 1)]) || !second[Task("c", 0)].Same(first[Task("c", 0)]) {
		t.Errorf("after the restart of one: %d worked out", parsed)
	}
}

// begin runs workers until the test's bubble ends.
func begin(t *testing.T, nodes ...*node) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	for _, n := range nodes {
		running.Go(func() { _ = n.Run(ctx) })
	}
	synctest.Wait()
}

// runsNow is what the worker was last told to run.
func (n *node) runsNow() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.applied) == 0 {
		return 0
	}
	return len(n.applied[len(n.applied)-1])
}

// TestAWorkerThatHearsNothingStopsItself before its session can have run out, runs again when the group answers, and does
// not lead meanwhile.
func TestAWorkerThatHearsNothingStopsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a := w.add("a")
		a.put(t, "c", config(2, 0))
		a.settle(t)
		var silent time.Time
		a.heard = func() time.Time {
			a.mu.Lock()
			defer a.mu.Unlock()
			if silent.IsZero() {
				return time.Now()
			}
			return silent
		}
		hush := func(at time.Time) { a.mu.Lock(); silent = at; a.mu.Unlock() }
		begin(t, a)
		time.Sleep(time.Minute)
		if a.runsNow() != 2 {
			t.Fatalf("runs %d tasks", a.runsNow())
		}
		hush(time.Now())
		time.Sleep(a.Session*4/5 - time.Second)
		if a.runsNow() != 2 {
			t.Error("stopped too early")
		}
		time.Sleep(time.Second + a.Session/25)
		if a.runsNow() != 0 {
			t.Errorf("runs %d tasks after silence of %v of a session of %v", a.runsNow(), time.Since(silent), a.Session)
		}
		synctest.Wait()
		commits := a.commits
		w.append(configs.Topic(configTopic).Put("d", named("d", config(1, 0)))...)
		time.Sleep(time.Minute)
		synctest.Wait()
		if a.commits != commits {
			t.Error("it leads in silence")
		}
		if err := a.Herder.Put(t.Context(), "c", config(3, 0)); !lost(err) {
			t.Errorf("it changes connectors in silence: %v", err)
		}
		hush(time.Time{})
		time.Sleep(2 * time.Second)
		if a.runsNow() < 2 {
			t.Errorf("runs %d tasks when it hears again", a.runsNow())
		}
	})
}

// TestNothingRunsBeforeTheGroupHasAnswered, even if the rows say so.
func TestNothingRunsBeforeTheGroupHasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a := w.add("a")
		a.put(t, "c", config(2, 0))
		a.settle(t)
		a.heard = func() time.Time { return time.Time{} }
		begin(t, a)
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, want := range a.applied {
			if len(want) > 0 {
				t.Errorf("was told to run %d tasks", len(want))
			}
		}
	})
}

// TestStopIsForGood: a row that comes at the same moment starts nothing that stays.
func TestStopIsForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a := w.add("a")
		a.put(t, "c", config(1, 0))
		a.settle(t)
		stopped := 0
		a.parse = func(map[string]string) error { // while the follower works out what to run
			a.parse = nil
			a.Stop()
			stopped = len(a.applied)
			return nil
		}
		begin(t, a)
		must(t, a.Herder.Restart(t.Context(), "c", func(int) bool { return true }))
		time.Sleep(time.Minute)
		synctest.Wait()
		if a.runsNow() != 0 || stopped == 0 {
			t.Errorf("runs %d tasks", a.runsNow())
		}
		for _, want := range a.applied[stopped:] {
			if len(want) > 0 {
				t.Error("a task was started after Stop")
			}
		}
	})
}

// handoverWait is how long the next worker waits at most.
const handoverWait = handover.Patience

// ready reports whether c was closed, now.
func ready(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return c == nil
	}
}

// TestHandOver: the next worker waits for the word of the one before, whichever of word and row comes first, and not for
// long.
func TestHandOver(t *testing.T) {
	move := func(t *testing.T) (*node, *node, func() Want) {
		w := newWorld()
		a, b := w.add("a"), w.add("b")
		a.put(t, "c", config(1, 0))
		a.settle(t)
		same(t, "at first", a.placed(), "c/0 a")
		return a, b, func() Want {
			if _, err := a.Change(t.Context(), Change{Move: taskTo(t, "c/0", "b")}, false); err != nil {
				t.Fatal(err)
			}
			want, ok := b.wants(map[rows.Task]Want{})[Task("c", 0)]
			if !ok {
				t.Fatal("b does not want it")
			}
			return want
		}
	}
	word := func(epoch int64) *headwaterv1.Released { return &headwaterv1.Released{Connector: "c", Epoch: epoch} }
	t.Run("the word comes after the row", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, b, to := move(t)
			want := to()
			if ready(want.Ready) {
				t.Fatal("did not wait")
			}
			b.Received(&headwaterv1.Released{Connector: "other", Epoch: want.Epoch})
			b.Received(word(want.Epoch - 1))
			if ready(want.Ready) {
				t.Error("an old word ended the wait")
			}
			b.Received(word(want.Epoch))
			if !ready(want.Ready) {
				t.Error("waits on")
			}
			b.Received(word(want.Epoch)) // twice does no harm
		})
	})
	t.Run("the word comes before the row", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b, to := move(t)
			b.Received(word(a.Leader.Next()))
			if want := to(); !ready(want.Ready) {
				t.Error("waits for what it has heard")
			}
		})
	})
	t.Run("an old word comes before the row", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b, to := move(t)
			b.Received(word(a.Leader.Next() - 1))
			if want := to(); ready(want.Ready) {
				t.Error("does not wait")
			}
		})
	})
	t.Run("words out of order", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b, to := move(t)
			b.Received(word(a.Leader.Next()))
			b.Received(word(a.Leader.Next() - 1))
			if want := to(); !ready(want.Ready) {
				t.Error("waits for what it has heard")
			}
		})
	})
	t.Run("no word", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, b, to := move(t)
			want := to()
			time.Sleep(handoverWait - time.Millisecond)
			synctest.Wait()
			if ready(want.Ready) {
				t.Error("did not wait")
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
			if !ready(want.Ready) {
				t.Error("waits on")
			}
			b.Received(word(want.Epoch)) // late
		})
	})
	t.Run("moved on while it waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b, to := move(t)
			first := to()
			must(t, a.Herder.Restart(t.Context(), "c", func(int) bool { return true }))
			second := b.wants(map[rows.Task]Want{first.Task: first})[first.Task]
			if !ready(second.Ready) {
				t.Error("a restart waits for nobody")
			}
			time.Sleep(time.Minute)
		})
	})
}

// TestWhoHasLetGoSaysSo to the worker that has the task next, and to nobody else.
func TestWhoHasLetGoSaysSo(t *testing.T) {
	_, a, b, c := three(t)
	for _, n := range []*node{a, b, c} {
		n.Stopped(Task("x", 0)) // it moves nowhere
		n.Stopped(Task("gone", 0))
	}
	if _, err := a.Change(t.Context(), Change{Move: taskTo(t, "x/0", "b")}, false); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*node{a, b, c} {
		n.Stopped(Task("x", 0))
	}
	same(t, "a says", strings.Join(a.talk.told, ", "), fmt.Sprintf("b: x/0 epoch %d", a.row(t, "x/0").GetEpoch()))
	if len(b.talk.told)+len(c.talk.told) != 0 {
		t.Errorf("others say %v, %v", b.talk.told, c.talk.told)
	}
}

// TestLeave ends when the tasks are with others, when there is nobody to take them, or with its context.
func TestLeave(t *testing.T) {
	leave := func(t *testing.T, n *node, most time.Duration) time.Duration {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), most)
		defer cancel()
		began := time.Now()
		n.Leave(ctx)
		return time.Since(began)
	}
	for name, c := range map[string]struct {
		others func(b, c *node, a *talk)
		leads  bool
		least  time.Duration
		most   time.Duration
	}{
		"moved by another leader": {func(*node, *node, *talk) {}, true, 3 * time.Second, 4 * time.Second},
		"nobody moves them":       {func(*node, *node, *talk) {}, false, time.Minute, time.Minute},
		"the others are dead": {func(b, c *node, a *talk) {
			a.hear(b, gossip.Dead, false)
			a.hear(c, gossip.Left, false)
		}, false, 0, 0},
		"the others are leaving": {func(b, c *node, a *talk) {
			a.hear(b, gossip.Alive, true)
			a.hear(c, gossip.Alive, true)
		}, false, 0, 0},
		"the others die meanwhile": {func(b, c *node, a *talk) {
			time.AfterFunc(5*time.Second, func() { a.hear(b, gossip.Dead, false); a.hear(c, gossip.Dead, false) })
		}, false, 5 * time.Second, 6 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, a, b, x := three(t)
				a.lead(false)
				b.lead(true)
				c.others(b, x, a.talk)
				if c.leads {
					time.AfterFunc(3*time.Second, func() { b.talk.hear(a, gossip.Alive, true) })
					begin(t, b)
				}
				if took := leave(t, a, time.Minute); took < c.least || took > c.most {
					t.Errorf("took %v, want %v to %v", took, c.least, c.most)
				}
			})
		})
	}
}
