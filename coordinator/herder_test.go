package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/record"
)

var errCrash = errors.New("killed")

// TestTheOrderOfAChange: the rows name nobody, then the ids are fenced, then the configuration is written, then the tasks
// are given again. No step may come before the one before it (R16).
func TestTheOrderOfAChange(t *testing.T) {
	for name, c := range map[string]struct {
		old, new map[string]string
		want     string
	}{
		"another value": {config(2, 0), config(2, 0, "api1.topics", "other"), `
task/c/0 nobody, task/c/1 nobody
fence g-c-0 g-c-1
commit-c, connector-c, task-c-0, task-c-1, tasks-fencing-c
task/c/0 a, task/c/1 b`},
		"more APIs: ids that nobody has had are fenced too": {config(1, 0), config(2, 0), `
task/c/0 nobody
fence g-c-0 g-c-1
commit-c, connector-c, task-c-0, task-c-1, tasks-fencing-c
task/c/0 a, task/c/1 b`},
		"fewer APIs: those of the former ones are": {config(3, 0), config(1, 0), `
task/c/0 nobody, task/c/1 nobody, task/c/2 nobody
fence g-c-0 g-c-1 g-c-2
commit-c, connector-c, task-c-0, tasks-fencing-c
task/c/0 a, task/c/1 gone, task/c/2 gone`},
		"a smaller tasks.max: ids are those of APIs, not of tasks": {config(3, 0), config(3, 1), `
task/c/0 nobody, task/c/1 nobody, task/c/2 nobody
fence g-c-0 g-c-1 g-c-2
commit-c, connector-c, task-c-0, tasks-fencing-c
task/c/0 a, task/c/1 gone, task/c/2 gone`},
		"a greater tasks.max": {config(2, 1), config(2, 2), `
task/c/0 nobody
fence g-c-0 g-c-1
commit-c, connector-c, task-c-0, task-c-1, tasks-fencing-c
task/c/0 a, task/c/1 b`},
		"nothing": {config(2, 0), config(2, 0), ``},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			a := w.add("a")
			w.add("b")
			a.put(t, "c", c.old)
			a.settle(t)
			w.forget()
			a.put(t, "c", c.new)
			a.settle(t)
			same(t, "order", w.told(), strings.TrimSpace(c.want))
			var tasks []string
			for n := range len(configs.Topic("").TaskSet("", mustTasks(t, a, c.new))) - 1 {
				tasks = append(tasks, fmt.Sprintf("c/%d", n))
			}
			w.owners(t, tasks...)
			w.epochs(t)
		})
	}
}

func mustTasks(t *testing.T, n *node, c map[string]string) []map[string]string {
	t.Helper()
	parsed, err := n.Herder.Parse(named("c", c))
	must(t, err)
	return configs.TaskConfigs(parsed)
}

// TestANameThatWasUsedIsFenced: a deleted connector's ids are fenced before another one of that name starts.
func TestANameThatWasUsedIsFenced(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.put(t, "c", config(2, 0))
	a.settle(t)
	must(t, a.Herder.Delete(t.Context(), "c"))
	a.settle(t)
	w.forget()
	must(t, a.Herder.Create(t.Context(), "c", config(1, 0), ""))
	a.settle(t)
	same(t, "order", w.told(), `fence g-c-0 g-c-1
commit-c, connector-c, task-c-0, tasks-fencing-c
task/c/0 a`)
}

// TestAChangeThatIsCutOff: the leader dies after each step of a change. The next one finds a state from which every task
// runs once, with the configuration that stands in the topic.
func TestAChangeThatIsCutOff(t *testing.T) {
	changed := config(3, 0, "api1.topics", "other")
	change := func(ctx context.Context, a *node) error { return a.Herder.Put(ctx, "c", changed) }
	stop := func(ctx context.Context, a *node) error { return a.Herder.Target(ctx, "c", "STOPPED") }
	remove := func(ctx context.Context, a *node) error { return a.Herder.Delete(ctx, "c") }
	onConfig := func(messages []record.Message) error {
		if slices.ContainsFunc(messages, func(m record.Message) bool { return m.Topic == configTopic }) {
			return errCrash
		}
		return nil
	}
	onRows := func([]record.Message) error { return errCrash }
	onFence := func([]string) error { return errCrash }
	for name, c := range map[string]struct {
		do    func(context.Context, *node) error
		cut   func(*node)
		tasks []string // that run in the end
		story string   // fences after the cut left out
	}{
		"before the rows name nobody": {change, func(a *node) { a.before = onRows }, []string{"c/0", "c/1"}, `
task/c/0 b`},
		"after the rows name nobody": {change, func(a *node) { a.unfenced = onFence }, []string{"c/0", "c/1"}, `
task/c/0 nobody, task/c/1 nobody
task/c/0 b, task/c/1 b`},
		"after the fence": {change, func(a *node) { a.before = onConfig }, []string{"c/0", "c/1"}, `
task/c/0 nobody, task/c/1 nobody
fence g-c-0 g-c-1 g-c-2
task/c/0 b, task/c/1 b`},
		"after the configuration": {change, func(a *node) { a.after = onConfig }, []string{"c/0", "c/1", "c/2"}, `
task/c/0 nobody, task/c/1 nobody
fence g-c-0 g-c-1 g-c-2
commit-c, connector-c, task-c-0, task-c-1, task-c-2, tasks-fencing-c
task/c/0 b, task/c/1 b, task/c/2 b`},
		"stopping, after the fence": {stop, func(a *node) { a.before = onConfig }, []string{"c/0", "c/1"}, `
task/c/0 nobody, task/c/1 nobody
fence g-c-0 g-c-1
task/c/0 b, task/c/1 b`},
		"stopping, after the configuration": {stop, func(a *node) { a.after = onConfig }, nil, `
task/c/0 nobody, task/c/1 nobody
fence g-c-0 g-c-1
commit-c, target-state-c
task/c/0 gone, task/c/1 gone`},
		"deleting, after the fence": {remove, func(a *node) { a.before = onConfig }, []string{"c/0", "c/1"}, `
task/c/0 nobody, task/c/1 nobody
fence g-c-0 g-c-1
task/c/0 b, task/c/1 b`},
		"deleting, after the records": {remove, func(a *node) { a.after = onConfig }, nil, `
task/c/0 nobody, task/c/1 nobody
fence g-c-0 g-c-1
connector-c gone, target-state-c gone, task/c/0 gone, task/c/1 gone`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			a, b := w.add("a"), w.add("b")
			a.put(t, "c", config(2, 0))
			a.settle(t)
			w.forget()
			c.cut(a)
			if err := c.do(t.Context(), a); !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			at := w.told()
			w.forget()
			w.kill(a)
			b.lead(true)
			b.settle(t)
			later := slices.DeleteFunc(strings.Split(w.told(), "\n"), func(line string) bool {
				return strings.HasPrefix(line, "fence ") // once more does no harm
			})
			same(t, "story", strings.Trim(at+"\n"+strings.Join(later, "\n"), "\n"), strings.TrimSpace(c.story))
			w.owners(t, c.tasks...)
			w.epochs(t)
		})
	}
}

// TestALeaderThatIsDeposedInTheMiddleOfAChange: another one leads between the step that takes the rows away and the one
// that writes the configuration. Nothing of the rest lands.
func TestALeaderThatIsDeposedInTheMiddleOfAChange(t *testing.T) {
	w := newWorld()
	a, b := w.add("a"), w.add("b")
	a.put(t, "c", config(2, 0))
	a.settle(t)
	a.unfenced = func([]string) error {
		b.lead(true)
		b.settle(t)
		return nil
	}
	if err := a.Herder.Put(t.Context(), "c", config(3, 0)); !lost(err) {
		t.Fatalf("the change of a leader that was deposed meanwhile: %v", err)
	}
	b.settle(t)
	w.owners(t, "c/0", "c/1")
	w.epochs(t)
	if c, _ := b.Herder.Connector("c"); c.TaskCount != 2 {
		t.Errorf("%d tasks", c.TaskCount)
	}
}

func TestAFailedFenceEndsAChange(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.put(t, "c", config(2, 0))
	a.settle(t)
	a.unfenced = func([]string) error { return errAway }
	if err := a.Herder.Put(t.Context(), "c", config(3, 0)); !errors.Is(err, errAway) {
		t.Errorf("change: %v", err)
	}
	a.unfenced = nil
	a.settle(t)
	w.owners(t, "c/0", "c/1")
	w.forget()
	a.put(t, "c", config(3, 0))
	same(t, "the second try", strings.Split(w.told(), "\n")[1], "fence g-c-0 g-c-1 g-c-2")
}

func TestStates(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	ctx := t.Context()
	must(t, a.Herder.Create(ctx, "c", config(2, 0), "STOPPED"))
	a.settle(t)
	w.owners(t)
	if c, _ := a.Herder.Connector("c"); c.Target != configs.Stopped || c.TaskCount != 0 {
		t.Errorf("created stopped: %+v", c)
	}
	a.put(t, "c", config(3, 0)) // a stopped connector stays so
	a.settle(t)
	w.owners(t)
	must(t, a.Herder.Target(ctx, "c", "PAUSED"))
	a.settle(t)
	same(t, "tasks come with the start", a.placed(), "")
	must(t, a.Herder.Target(ctx, "c", "STARTED"))
	a.settle(t)
	w.owners(t, "c/0", "c/1", "c/2")
	must(t, a.Herder.Target(ctx, "c", "PAUSED"))
	a.settle(t)
	w.owners(t)
	same(t, "paused tasks keep their place", a.placed(), "c/0 a, c/1 a, c/2 a")
	must(t, a.Herder.Target(ctx, "c", "STOPPED"))
	w.owners(t)
	a.settle(t)
	same(t, "stopped tasks have none", a.placed(), "")
	w.forget()
	must(t, a.Herder.Delete(ctx, "c"))
	a.settle(t)
	same(t, "deleted", w.told(), "fence g-c-0 g-c-1 g-c-2\nconnector-c gone, target-state-c gone")
	for what, err := range map[string]error{
		"target": a.Herder.Target(ctx, "c", "PAUSED"), "delete": a.Herder.Delete(ctx, "c"), "alter": a.Herder.Alter(ctx, "c", nil),
	} {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("%s of a connector that is gone: %v", what, err)
		}
	}
	w.epochs(t)
}

func TestCreateRefusesWhatExists(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.put(t, "c", config(1, 0))
	if err := a.Herder.Create(t.Context(), "c", config(2, 0), ""); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	log := len(w.log)
	if err := a.Herder.Put(t.Context(), "c", map[string]string{}); err == nil || len(w.log) != log {
		t.Errorf("a configuration that cannot be used: %v, %d records", err, len(w.log)-log)
	}
}

func TestNoConfigurationAtAllIsRefused(t *testing.T) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("panic: %v", p)
		}
	}()
	a := newWorld().add("a")
	if err := a.Herder.Put(t.Context(), "c", nil); err == nil {
		t.Error("it was taken")
	}
}

// TestPutKeepsItsHandsOffTheCallersMap, which the REST API goes on using.
func TestPutKeepsItsHandsOffTheCallersMap(t *testing.T) {
	a := newWorld().add("a")
	c := config(1, 0)
	a.put(t, "c", c)
	if _, named := c["name"]; named {
		t.Error("the caller's configuration was changed")
	}
}

// TestRestart gives a new epoch to the tasks that were chosen and to no others, and moves none.
func TestRestart(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	w.add("b")
	a.put(t, "c", config(4, 0))
	a.put(t, "d", config(1, 0))
	a.settle(t)
	before, placed := a.Board.View(), a.placed()
	must(t, a.Herder.Restart(t.Context(), "c", func(n int) bool { return n%2 == 1 }))
	a.settle(t)
	same(t, "places", a.placed(), placed)
	for task, row := range a.Board.View().Tasks {
		old, chosen := before.Tasks[task], task.Connector == "c" && task.N%2 == 1
		if row.GetEpoch() > old.GetEpoch() != chosen || chosen && row.GetReason() != "restarted by hand" {
			t.Errorf("%s: epoch %d after %d, %q", task, row.GetEpoch(), old.GetEpoch(), row.GetReason())
		}
		if l := a.Board.Lease(task, old.GetEpoch()); row.GetWorker() == "a" && lost(l.Check(t.Context())) != chosen {
			t.Errorf("the former lease of %s: %v", task, l.Check(t.Context()))
		}
	}
	w.epochs(t)
}

func TestAlterRefusesUnlessStopped(t *testing.T) {
	a := newWorld().add("a")
	a.put(t, "c", config(2, 0))
	ids := map[string][]record.Message{"g-c-1": nil, "g-c-0": nil}
	for _, state := range []string{"STARTED", "PAUSED"} {
		must(t, a.Herder.Target(t.Context(), "c", state))
		if err := a.Herder.Alter(t.Context(), "c", ids); !errors.Is(err, ErrNotStopped) || a.altered != nil {
			t.Errorf("%s: %v, written under %v", state, err, a.altered)
		}
	}
	must(t, a.Herder.Target(t.Context(), "c", "STOPPED"))
	must(t, a.Herder.Alter(t.Context(), "c", ids))
	same(t, "written under", fmt.Sprint(a.altered), "[g-c-0 g-c-1]")
	a.lead(false)
	if err := a.Herder.Alter(t.Context(), "c", ids); !lost(err) {
		t.Errorf("on a worker that does not lead: %v", err)
	}
}

// TestSessionKey: the first pass writes one, and the pass after it has grown old another (KIP-507).
func TestSessionKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a, b := w.add("a"), w.add("b")
		if a.Herder.SessionKey() != nil {
			t.Error("a key before anybody led")
		}
		a.settle(t)
		first := a.Herder.SessionKey()
		time.Sleep(keyTTL - time.Second)
		a.settle(t)
		if len(first) != 32 || !slices.Equal(first, a.Herder.SessionKey()) {
			t.Errorf("keys of %d and %d bytes", len(first), len(a.Herder.SessionKey()))
		}
		time.Sleep(time.Second)
		a.settle(t)
		if second := b.Herder.SessionKey(); len(second) != 32 || slices.Equal(first, second) {
			t.Errorf("after %v the key is of %d bytes, the same: %v", keyTTL, len(second), slices.Equal(first, second))
		}
	})
}
