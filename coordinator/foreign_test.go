package coordinator

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// TestSomeoneElseWritesAConfiguration: a real Connect worker, or a person with a producer. The rows of the old
// configuration are taken away and its ids fenced before the tasks are given for the new one.
func TestSomeoneElseWritesAConfiguration(t *testing.T) {
	const want = `connector-c
task/c/0 nobody, task/c/1 nobody
fence g-c-0 g-c-1
task/c/0 a, task/c/1 b`
	swapped := named("c", config(2, 0))
	swapped["api1.http.api.path"], swapped["api2.http.api.path"] = swapped["api2.http.api.path"], swapped["api1.http.api.path"]
	begin := func(t *testing.T) (*world, *node, *node) {
		w := newWorld()
		a, b := w.add("a"), w.add("b")
		a.put(t, "c", config(2, 0))
		a.settle(t)
		w.forget()
		w.tell("connector-c")
		w.append(configs.Topic(configTopic).Put("c", swapped)...)
		w.owners(t) // nobody runs the old one, nobody the new one
		return w, a, b
	}
	end := func(t *testing.T, w *world) {
		t.Helper()
		same(t, "order", w.told(), want)
		w.owners(t, "c/0", "c/1")
		w.epochs(t)
	}
	t.Run("the next pass", func(t *testing.T) {
		w, a, _ := begin(t)
		a.settle(t)
		end(t, w)
	})
	t.Run("a pass that fails at the fence", func(t *testing.T) {
		w, a, _ := begin(t)
		a.unfenced = func([]string) error { a.unfenced = nil; return errAway }
		if err := a.once(t.Context()); err == nil {
			t.Fatal("the fence did not fail")
		}
		a.settle(t)
		end(t, w)
	})
	t.Run("a leader that dies at the fence", func(t *testing.T) {
		w, a, b := begin(t)
		a.unfenced = func([]string) error { return errCrash }
		if err := a.once(t.Context()); err == nil {
			t.Fatal("the fence did not fail")
		}
		a.lead(false)
		b.lead(true)
		b.settle(t)
		end(t, w)
	})
	t.Run("a change of the assignment that comes before the next pass", func(t *testing.T) {
		w, a, _ := begin(t)
		if _, err := a.Change(t.Context(), Change{}, false); err != nil {
			t.Fatal(err)
		}
		a.settle(t)
		end(t, w)
	})
}

// TestTasksOfARealConnectWorker are written anew: they say nothing that we could run.
func TestTasksOfARealConnectWorker(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	topic, c := configs.Topic(configTopic), named("c", config(3, 2))
	w.append(topic.Create("c", c, "")...)
	w.append(topic.TaskSet("c", []map[string]string{named("c", config(3, 2, "task.class", "org.example.Task"))})...)
	w.append(topic.Fence("c", 1)...)
	a.settle(t)
	if got, _ := w.stored(t).Connector("c"); len(got.Tasks) != 2 || got.Tasks[0]["apis"] != "api1,api3" || got.Tasks[1]["apis"] != "api2" || got.Fenced != 3 {
		t.Errorf("stored: %+v", got)
	}
	w.owners(t, "c/0", "c/1")
	w.forget()
	a.put(t, "c", config(3, 0))
	same(t, "the next change fences every API's id", w.told(), `task/c/0 nobody, task/c/1 nobody
fence g-c-0 g-c-1 g-c-2
commit-c, connector-c, task-c-0, task-c-1, task-c-2, tasks-fencing-c`)
	w.epochs(t)
}

// TestTasksThatWereCompactedAway: a commit whose task records are missing. No task runs until they are written anew.
func TestTasksThatWereCompactedAway(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	topic := configs.Topic(configTopic)
	w.append(topic.Create("c", named("c", config(2, 0)), "")...)
	tasks := topic.TaskSet("c", mustTasks(t, a, config(2, 0)))
	w.append(tasks[1:]...) // the first is missing
	w.owners(t)
	a.settle(t)
	if c, _ := w.stored(t).Connector("c"); c.Inconsistent || len(c.Tasks) != 2 {
		t.Errorf("stored: %+v", c)
	}
	w.owners(t, "c/0", "c/1")
}

// TestAPausedConnectorWithoutTasks, as Connect makes it, gets tasks when it is started, whoever starts it, and not before.
func TestAPausedConnectorWithoutTasks(t *testing.T) {
	for by, resume := range map[string]func(*testing.T, *world, *node){
		"us": func(t *testing.T, _ *world, a *node) {
			if err := a.Herder.Target(t.Context(), "c", string(configs.Started)); err != nil {
				t.Fatal(err)
			}
		},
		"Connect": func(_ *testing.T, w *world, _ *node) {
			w.append(configs.Topic(configTopic).TargetState("c", configs.Started)...)
		},
	} {
		t.Run(by, func(t *testing.T) {
			w := newWorld()
			a := w.add("a")
			w.append(configs.Topic(configTopic).Create("c", named("c", config(1, 0)), configs.Paused)...)
			a.settle(t)
			if c, _ := w.stored(t).Connector("c"); c.TaskCount != 0 {
				t.Errorf("paused, it has %d tasks", c.TaskCount)
			}
			resume(t, w, a)
			a.settle(t)
			w.owners(t, "c/0")
		})
	}
}

// TestOneBadConnectorStopsNobodyElse: corrupt records, records of unknown kinds, a configuration that cannot be used.
func TestOneBadConnectorStopsNobodyElse(t *testing.T) {
	w := newWorld()
	a, b := w.add("a"), w.add("b")
	a.put(t, "good", config(2, 0))
	topic := configs.Topic(configTopic)
	unusable := named("bad", config(1, 0, "output.data.format", "NONE"))
	w.append(topic.Create("bad", unusable, "")...)
	w.append(topic.TaskSet("bad", []map[string]string{{"task.class": "org.example.Task"}})...)
	for _, key := range []string{"connector-x", "task-x-0", "task-good-9", "commit-good", "target-state-good", "tasks-fencing-good", "session-key", "nonsense", ""} {
		w.append(record.Message{Topic: configTopic, Key: []byte(key), Value: []byte("{")})
	}
	for _, key := range []string{"leader", "task/good/0", "task/good", "pin/good/0", "drain/", "drain/a", "nonsense", ""} {
		w.append(record.Message{Topic: rowTopic, Key: []byte(key), Value: []byte{0xff}})
	}
	a.settle(t)
	w.owners(t, "good/0", "good/1")
	a.put(t, "more", config(1, 0))
	a.settle(t)
	w.owners(t, "good/0", "good/1", "more/0")
	a.lead(false)
	b.lead(true)
	b.settle(t)
	w.owners(t, "good/0", "good/1", "more/0")
	w.epochs(t)
}

// TestAConnectorThatCannotHaveARow: a record of a connector without a name, with a task that is one of ours. Its row could
// not be read back, so the leader must not write it again and again.
func TestAConnectorThatCannotHaveARow(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	topic := configs.Topic(configTopic)
	w.append(topic.Create("", config(1, 0), "")...)
	w.append(topic.TaskSet("", mustTasks(t, a, config(1, 0)))...)
	a.put(t, "good", config(1, 0))
	a.settle(t)
	w.owners(t, "good/0")
}

// TestARowThatASecondReaderCannotRead is taken for none by a leader that starts later, which gives the task anew.
func TestARowThatASecondReaderCannotRead(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.put(t, "c", config(1, 0))
	a.settle(t)
	for i, m := range w.log {
		if string(m.Key) == "task/c/0" {
			w.log[i].Value = []byte{0xff}
		}
	}
	b := w.add("b")
	w.kill(a)
	b.lead(true)
	b.settle(t)
	same(t, "rows", b.placed(), "c/0 b")
	w.epochs(t)
}

// TestAConfigurationThatCannotBeUsedHere is shown as a fault of the task, by the worker that has it, and ends when it is
// mended.
func TestAConfigurationThatCannotBeUsedHere(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.put(t, "c", config(2, 0))
	a.put(t, "d", config(1, 0))
	a.settle(t)
	a.parse = func(c map[string]string) error {
		if c["name"] == "c" {
			return errAway
		}
		return nil
	}
	w.owners(t, "d/0")
	if len(a.faulty) != 2 {
		t.Errorf("faulty: %v", a.faulty)
	}
	a.parse = nil
	w.owners(t, "c/0", "c/1", "d/0")
}

// TestARowOfATaskThatTheConnectorHasNot, which somebody else wrote, is a fault and no panic.
func TestARowOfATaskThatTheConnectorHasNot(t *testing.T) {
	w := newWorld()
	a := w.add("a")
	a.put(t, "c", config(1, 0))
	a.settle(t)
	row := a.row(t, "c/0")
	w.append(rows.Topic(rowTopic).Task(Task("c", 7), &headwaterv1.Assignment{
		Worker: row.GetWorker(), Instance: row.GetInstance(), Epoch: row.GetEpoch(), Config: row.GetConfig(),
	}))
	w.owners(t, "c/0")
	same(t, "faulty", a.faulty[0], "c/7")
	a.settle(t)
	same(t, "rows", a.placed(), "c/0 a")
}

// TestTheLeaderRestsWhenThereIsNothingToDo.
func TestTheLeaderRestsWhenThereIsNothingToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a := w.add("a")
		a.put(t, "c", config(2, 0))
		a.settle(t)
		commits := a.commits
		run(t, 10*time.Minute, a)
		if a.commits != commits {
			t.Errorf("%d commits in ten minutes", a.commits-commits)
		}
	})
}
