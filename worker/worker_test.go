package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/fault"
)

// shop is a Worker that keeps a diary. Its tasks have one runner each, with stand-ins for doors.
type shop struct {
	*Worker
	t *testing.T

	mu      sync.Mutex
	diary   []string
	benches map[string][]*bench            // every run's, by task
	commit  func(task string) error        // in place of every commit; may block
	prepare func(task string, n int) error // fails the n-th preparation of a task
	stopped map[rows.Task]int
	ended   map[string]bool // runs that were Unassigned, by task and epoch
	busy    map[rows.Task]bool
}

func newShop(t *testing.T) *shop {
	s := &shop{
		t: t, benches: map[string][]*bench{}, stopped: map[rows.Task]int{}, ended: map[string]bool{}, busy: map[rows.Task]bool{},
	}
	s.Worker = &Worker{Prepare: s.make, Changed: s.changed, Stopped: s.gone, Log: slog.New(slog.DiscardHandler)}
	return s
}

func (s *shop) note(line string) { s.mu.Lock(); s.diary = append(s.diary, line); s.mu.Unlock() }

// read returns the diary and begins a new one.
func (s *shop) read() string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.diary
	s.diary = nil
	return strings.Join(d, ", ")
}

func (s *shop) make(_ context.Context, w coordinator.Want) (Task, error) {
	b := newBench(s.t, time.Second)
	name := w.Task.String()
	s.mu.Lock()
	s.benches[name] = append(s.benches[name], b)
	n := len(s.benches[name])
	commit := s.commit
	s.mu.Unlock()
	s.note("prepare " + name)
	if s.prepare != nil {
		if err := s.prepare(name, n); err != nil {
			return Task{}, err
		}
	}
	if commit != nil {
		b.commit = func(int) error { return commit(name) }
	}
	return Task{Runners: []*Runner{b.Runner}}, nil
}

func (s *shop) changed(w coordinator.Want, state State, trace string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == Running {
		if s.busy[w.Task] {
			s.t.Errorf("%s runs twice at once", w.Task)
		}
		s.busy[w.Task] = true
	}
	if state == Unassigned {
		s.busy[w.Task] = false
		run := fmt.Sprintf("%s %s epoch %d", w.Task, w.Version, w.Epoch)
		if s.ended[run] {
			s.t.Errorf("%s ended twice", run)
		}
		s.ended[run] = true
	}
	line := fmt.Sprintf("%s %s", w.Task, state)
	if trace != "" {
		line += ": " + trace
	}
	s.diary = append(s.diary, line)
}

func (s *shop) gone(t rows.Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped[t]++
	s.diary = append(s.diary, t.String()+" let go")
}

// wanted are tasks with their epochs: "c/0@1".
func wanted(list ...string) map[rows.Task]coordinator.Want {
	out := map[rows.Task]coordinator.Want{}
	for _, item := range list {
		name, epoch, _ := strings.Cut(item, "@")
		t, err := rows.ParseTask(name)
		if err != nil {
			panic(err)
		}
		w := coordinator.Want{Task: t, Version: "v"}
		_, _ = fmt.Sscan(epoch, &w.Epoch)
		out[t] = w
	}
	return out
}

func (s *shop) says(what, want string) {
	s.t.Helper()
	if got := s.read(); got != want {
		s.t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// TestApplyTouchesOnlyWhatChanges: another epoch or another version is another run, all else goes on.
func TestApplyTouchesOnlyWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		s.Apply(wanted("c/0@1", "c/1@1"))
		s.read()
		s.Apply(wanted("c/0@1", "c/1@1"))
		s.says("the same again", "")
		s.Apply(wanted("c/0@1", "c/1@2", "c/2@2"))
		got := strings.Split(s.read(), ", ")
		slices.Sort(got)
		if want := "c/1 RUNNING, c/1 UNASSIGNED, c/1 let go, c/2 RUNNING, prepare c/1, prepare c/2"; strings.Join(got, ", ") != want {
			t.Errorf("one changed, one new:\n got %v\nwant %s", got, want)
		}
		other := wanted("c/0@1", "c/1@2", "c/2@2")
		w := other[rows.Task{Connector: "c"}]
		w.Version = "v2"
		other[w.Task] = w
		s.Apply(other)
		s.says("another version", "c/0 UNASSIGNED, c/0 let go, prepare c/0, c/0 RUNNING")
		s.Apply(wanted("c/1@2"))
		s.read()
		if _, _, here := s.Status(rows.Task{Connector: "c"}); here {
			t.Error("a task that is not wanted has a status")
		}
		time.Sleep(3500 * time.Millisecond)
		synctest.Wait()
		if n := s.Records(); n[rows.Task{Connector: "c", N: 1}] < 4 {
			t.Errorf("%v records by the tasks at work", n)
		}
		s.Stop()
		if n := s.Records(); len(n) != 0 {
			t.Errorf("%v records by the tasks at work, and none is", n)
		}
	})
}

// slow makes every commit wait until the test lets it go on.
func slow(s *shop) (release func()) {
	gate := make(chan struct{})
	s.commit = func(string) error { <-gate; return nil }
	return sync.OnceFunc(func() { close(gate) })
}

// TestAChangedTaskStartsWhenItsFormerRunHasEnded, however often it changes, and whether or not it was unwanted between.
func TestAChangedTaskStartsWhenItsFormerRunHasEnded(t *testing.T) {
	for name, changes := range map[string][][]string{
		"changed":                           {{"c/0@2"}},
		"changed twice":                     {{"c/0@2"}, {"c/0@3"}},
		"not wanted for a moment":           {{}, {"c/0@2"}},
		"not wanted for a moment, the same": {{}, {"c/0@1"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newShop(t)
				release := slow(s)
				s.Apply(wanted("c/0@1"))
				s.says("at first", "prepare c/0, c/0 RUNNING")
				s.mu.Lock()
				s.commit = nil
				s.mu.Unlock()
				for _, c := range changes {
					s.Apply(wanted(c...))
				}
				s.says("while the former run commits", "")
				if len(s.benches["c/0"]) > 1 {
					t.Error("two runs of one task at once")
				}
				release()
				if got := s.read(); !strings.HasPrefix(got, "c/0 UNASSIGNED, c/0 let go, prepare c/0") || !strings.HasSuffix(got, "c/0 RUNNING") {
					t.Errorf("when it has ended: %s", got)
				}
				if n := len(s.benches["c/0"][0].records); n != 1 {
					t.Errorf("%d records were committed by the former run", n)
				}
				s.ended = map[string]bool{} // the same epoch may run again
				s.Stop()
			})
		})
	}
}

// TestStopWaits: what is being committed is committed.
func TestStopWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		release := slow(s)
		s.Apply(wanted("c/0@1", "c/1@1"))
		synctest.Wait()
		done := make(chan struct{})
		go func() { s.Stop(); close(done) }()
		time.Sleep(time.Minute)
		select {
		case <-done:
			t.Fatal("did not wait")
		default:
		}
		release()
		<-done
		for name, runs := range s.benches {
			if len(runs) != 1 || len(runs[0].records) != 1 {
				t.Errorf("%s: %d runs, committed %v", name, len(runs), runs[0].records)
			}
		}
		if s.stopped[rows.Task{Connector: "c"}] != 1 || s.stopped[rows.Task{Connector: "c", N: 1}] != 1 {
			t.Errorf("let go: %v", s.stopped)
		}
		s.Stop() // again
	})
}

// TestAFailedTaskStaysFailed until it is restarted, which is another epoch; it is let go of when it is not wanted.
func TestAFailedTaskStaysFailed(t *testing.T) {
	broken := &fault.Error{Op: "commit", Err: errors.New("not authorised")}
	for name, c := range map[string]struct {
		begin func(*shop)
		first string
	}{
		"while it runs": {
			func(s *shop) { s.commit = func(string) error { return broken } },
			"prepare c/0, c/0 RUNNING, c/0 FAILED: commit: not authorised",
		},
		"before it runs": {func(s *shop) {
			s.prepare = func(string, int) error { return broken }
		}, "prepare c/0, c/0 FAILED: commit: not authorised"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newShop(t)
				c.begin(s)
				task := rows.Task{Connector: "c"}
				s.Apply(wanted("c/0@1"))
				s.says("fails", c.first)
				time.Sleep(time.Hour)
				s.Apply(wanted("c/0@1"))
				s.says("later", "")
				if st, _, here := s.Status(task); !here || st.State != Failed || !strings.Contains(st.Trace, "not authorised") {
					t.Errorf("status: %+v", st)
				}
				s.mu.Lock()
				s.commit, s.prepare = nil, nil
				s.mu.Unlock()
				s.Apply(wanted("c/0@2"))
				s.says("restarted", "c/0 UNASSIGNED, c/0 let go, prepare c/0, c/0 RUNNING")
				if st, _, here := s.Status(task); !here || st.State != Running || st.Trace != "" {
					t.Errorf("status: %+v", st)
				}
				s.Apply(wanted())
				s.says("not wanted", "c/0 UNASSIGNED, c/0 let go")
				s.Stop()
			})
		})
	}
}

// TestOneFailedTaskStopsNoOther.
func TestOneFailedTaskStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		s.commit = func(task string) error {
			if task == "c/0" {
				return &fault.Error{Op: "commit", Err: errors.New("broken")}
			}
			return nil
		}
		s.Apply(wanted("c/0@1", "c/1@1"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if s.benches["c/1"][0].commits < 5 {
			t.Errorf("%d commits of the other one", s.benches["c/1"][0].commits)
		}
		s.Stop()
	})
}

// TestATaskWaitsForTheHandOver: it is prepared meanwhile and claims when the former worker has let go.
func TestATaskWaitsForTheHandOver(t *testing.T) {
	for name, stop := range map[string]bool{"told": false, "not wanted meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, ready := newShop(t), make(chan struct{})
				want := wanted("c/0@1")
				task := rows.Task{Connector: "c"}
				w := want[task]
				w.Ready = ready
				want[task] = w
				s.Apply(want)
				time.Sleep(time.Minute)
				s.says("waits", "prepare c/0")
				if st, _, _ := s.Status(task); st.Waiting != "hand-over" || st.State != Running {
					t.Errorf("status: %+v", st)
				}
				if n := s.benches["c/0"][0].claims; n != 0 {
					t.Errorf("%d claims", n)
				}
				if stop {
					s.Apply(nil)
					s.says("stopped", "c/0 UNASSIGNED, c/0 let go")
				} else {
					close(ready)
					s.says("told", "c/0 RUNNING")
					if st, _, _ := s.Status(task); st.Waiting != "" {
						t.Errorf("status: %+v", st)
					}
				}
				s.Stop()
				if n := s.benches["c/0"][0].claims; stop != (n == 0) {
					t.Errorf("%d claims", n)
				}
			})
		})
	}
}

// TestAPreparationThatMayHealIsTriedAgain, shows why it waits, and ends when the task is not wanted.
func TestAPreparationThatMayHealIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		s.prepare = func(task string, n int) error {
			if n < 4 || task == "c/1" {
				return &fault.Error{Kind: fault.Retriable, Op: "check topic", Err: errors.New("away")}
			}
			return nil
		}
		s.Apply(wanted("c/0@1", "c/1@1"))
		synctest.Wait()
		if st, _, _ := s.Status(rows.Task{Connector: "c"}); !strings.Contains(st.Waiting, "away") || st.Until.IsZero() || st.State != Running {
			t.Errorf("status: %+v", st)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := len(s.benches["c/0"]); n != 4 {
			t.Errorf("prepared %d times", n)
		}
		if n := len(s.benches["c/1"]); n < 5 || n > 600 {
			t.Errorf("in ten minutes tried %d times", n)
		}
		s.Stop()
	})
}

// TestATaskThatIsLostStopsByItself and is let go of; that the row names another worker is final.
func TestATaskThatIsLostStopsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		s.commit = func(string) error {
			s.benches["c/0"][0].take = &coordinator.Lost{What: "task c/0", Holder: "b"}
			return &fault.Error{Kind: fault.Fenced, Op: "commit", Err: errors.New("fenced")}
		}
		s.Apply(wanted("c/0@1"))
		time.Sleep(time.Minute)
		s.says("lost", "prepare c/0, c/0 RUNNING, c/0 UNASSIGNED, c/0 let go")
		s.Apply(nil)
		s.says("and not again", "")
		s.Stop()
	})
}

// TestManyAppliesAtOnce: whoever comes last, every run ends once, no task runs twice at once, and nothing is left.
func TestManyAppliesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		var epoch sync.Mutex
		last := 0
		next := func() int { epoch.Lock(); defer epoch.Unlock(); last++; return last }
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range 20 {
					var list []string
					for n := range 4 {
						if rand.IntN(3) > 0 {
							list = append(list, fmt.Sprintf("c/%d@%d", n, next()))
						}
					}
					s.Apply(wanted(list...))
					_, _, _ = s.Status(rows.Task{Connector: "c"})
					_ = s.Records()
					time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
				}
			})
		}
		all.Wait()
		s.Stop()
		s.read()
		runs := 0
		for _, n := range s.stopped {
			runs += n
		}
		if runs != len(s.ended) || runs < 4 {
			t.Errorf("%d runs ended, %d were let go of", len(s.ended), runs)
		}
		for task, busy := range s.busy {
			if busy {
				t.Errorf("%s still runs", task)
			}
		}
	})
}
