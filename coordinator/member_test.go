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

	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/record"
)

// TestALeaderWhoseLoopHangs ends, so that another one can lead: Run returns, whatever the loop is stuck in.
func TestALeaderWhoseLoopHangs(t *testing.T) {
	for name, hang := range map[string]func(*node, func() error){
		"in a commit": func(a *node, stuck func() error) { a.before = func([]record.Message) error { return stuck() } },
		"in a claim":  func(a *node, stuck func() error) { a.claim = stuck },
		"in a list of the group": func(a *node, stuck func() error) {
			a.asked = func() ([]Living, bool, error) { return nil, false, stuck() }
		},
		"in a change of a connector": func(a *node, stuck func() error) {
			a.parse = func(map[string]string) error { return stuck() }
			go func() { _ = a.Herder.Put(context.Background(), "c", config(1, 0)) }()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newWorld().add("a")
				end := make(chan struct{})
				hang(a, func() error { <-end; return errors.New("the test is over") })
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				began := time.Now()
				go func() { done <- a.Run(ctx) }()
				select {
				case err := <-done:
					if !errors.Is(err, ErrHung) {
						t.Errorf("ends with %v", err)
					}
					if took := time.Since(began); took < 2*passLimit || took > 3*passLimit {
						t.Errorf("ends after %v", took)
					}
				case <-time.After(10 * passLimit):
					t.Errorf("does not end in %v", 10*passLimit)
				}
				cancel()
				close(end)
				synctest.Wait()
			})
		})
	}
}

// TestALoopThatTurnsIsNotTakenForHung, though each of its passes fails as late as it can.
func TestALoopThatTurnsIsNotTakenForHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newWorld().add("a")
		a.claim = func() error { time.Sleep(passLimit); return errAway }
		run(t, 10*time.Minute, a)
		if a.claims < 15 {
			t.Errorf("%d tries in ten minutes", a.claims)
		}
	})
}

// TestAnotherProcessOfThatName: of two the later one goes on, the earlier one ends and says why.
func TestAnotherProcessOfThatName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a := w.add("a")
		a.gossips()
		ended := make(chan error, 1)
		go func() { ended <- a.Run(t.Context()) }()
		time.Sleep(10 * time.Second)
		again := w.start("a", "a-again")
		run(t, 10*time.Second, again)
		select {
		case err := <-ended:
			if err == nil || !strings.Contains(err.Error(), "worker.name") || !strings.Contains(err.Error(), "http://a") {
				t.Errorf("ends with %v", err)
			}
		default:
			t.Error("the earlier one goes on")
		}
	})
}

// TestADeadLeaderIsTakenOutOfTheGroup by who hears of it, which makes the others join again at once.
func TestADeadLeaderIsTakenOutOfTheGroup(t *testing.T) {
	for state, evicts := range map[gossip.State]bool{gossip.Dead: true, gossip.Left: true, gossip.Suspect: false, gossip.Alive: false, gossip.Unknown: false} {
		t.Run(state.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, a, b, _ := three(t)
				begin(t, b)
				b.talk.hear(a, state, false)
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
				if got := slices.Contains(b.evicted, "id-a-1"); got != evicts || b.rejoined > 0 != evicts {
					t.Errorf("evicted %v, rejoined %d times", b.evicted, b.rejoined)
				}
				same(t, "joins the gossip at", fmt.Sprint(b.talk.joined[len(b.talk.joined)-1]), "c:7946")
			})
		})
	}
}

// TestTheDeadAreTakenOutOnce: a member that is no leader only when the group waits for it, and nobody a second time when he
// has come back and gossip is wrong.
func TestTheDeadAreTakenOutOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a, b, c := three(t)
		begin(t, b)
		rests := func(what, want string) {
			t.Helper()
			time.Sleep(3 * time.Second)
			synctest.Wait()
			same(t, what, fmt.Sprint(b.evicted), want)
		}
		b.talk.hear(c, gossip.Dead, false)
		rests("nothing waits for c", "[]")
		w.list(false)
		rests("a rebalance waits for c", "[id-c-3]")
		w.list(true, Living{ID: "id-c-4", Member: c.Self})
		rests("c is back", "[id-c-3]")
		b.talk.hear(c, gossip.Alive, false)
		rests("c is heard again", "[id-c-3]")
		b.talk.hear(c, gossip.Dead, false)
		b.talk.hear(a, gossip.Alive, false)
		w.list(false)
		rests("c dies", "[id-c-3 id-c-4]")
	})
}

// TestWhoIsCutOffEvictsNobody: it hears that most of the group is dead, so it is cut off itself, and must not take one
// leader after the other out of the group.
func TestWhoIsCutOffEvictsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b, c := three(t)
		begin(t, c)
		c.talk.hear(b, gossip.Dead, false)
		c.talk.hear(a, gossip.Dead, false)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(c.evicted) > 0 || c.rejoined > 0 {
			t.Errorf("evicted %v, rejoined %d times", c.evicted, c.rejoined)
		}
	})
}

// TestTheLeaderLoop comes round when anything changes, and in any case soon.
func TestTheLeaderLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a, b, c := three(t)
		begin(t, a)
		within := func(what string, most time.Duration, do func(), done func() bool) {
			t.Helper()
			do()
			time.Sleep(most)
			synctest.Wait()
			if !done() {
				t.Errorf("%s: nothing after %v: %s", what, most, a.placed())
			}
		}
		within("gossip", time.Millisecond, func() { a.talk.hear(b, gossip.Dead, false) }, func() bool { return a.row(t, "x/1").GetWorker() != "b" })
		within("the group", passEvery, func() { w.kill(c) }, func() bool { return !strings.Contains(a.placed(), " c") })
		within("a connector", time.Millisecond, func() { a.put(t, "y", config(1, 0)) }, func() bool { return strings.Contains(a.placed(), "y/0") })
	})
}

// TestAWholeClusterLosesItsLeader: three workers run; the leader dies in the middle of a change. The next one leads, and
// every task runs once. Nothing runs twice at any moment by the rows.
func TestAWholeClusterLosesItsLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a, b, c := three(t)
		ctx, kill := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		begin(t, b, c)
		a.unfenced = func([]string) error { return errCrash }
		if err := a.Herder.Put(t.Context(), "x", config(5, 0)); !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		kill()
		must(t, <-ended)
		for _, n := range []*node{b, c} {
			n.talk.hear(a, gossip.Dead, false)
		}
		time.Sleep(time.Second)
		b.lead(true) // the group settles
		time.Sleep(5 * time.Second)
		synctest.Wait()
		w.owners(t, "x/0", "x/1", "x/2")
		if len(b.evicted)+len(c.evicted) == 0 {
			t.Error("nobody took the dead leader out of the group")
		}
		if b.runsNow()+c.runsNow() != 3 {
			t.Errorf("told to run %d and %d", b.runsNow(), c.runsNow())
		}
		w.epochs(t)
	})
}

// TestALease holds for one worker, one process and one epoch, as of all that was written before it is looked at.
func TestALease(t *testing.T) {
	w := newWorld()
	a, b := w.add("a"), w.add("b")
	a.put(t, "c", config(1, 0))
	a.settle(t)
	epoch, task := a.row(t, "c/0").GetEpoch(), Task("c", 0)
	lease := a.Board.Lease(task, epoch)
	must(t, lease.Check(t.Context()))
	a.lags = true // what it has not read counts too
	b.lead(true)
	for name, c := range map[string]struct {
		lease Lease
		want  string
	}{
		"another worker's": {b.Board.Lease(task, epoch), "task c/0 belongs to worker a now"},
		"an older epoch's": {a.Board.Lease(task, epoch-1), fmt.Sprintf("task c/0 belongs to worker a (epoch %d, not %d) now", epoch, epoch-1)},
		"of no task":       {a.Board.Lease(Task("c", 1), epoch), "task c/1 belongs to nobody now"},
	} {
		if err := c.lease.Check(t.Context()); !lost(err) || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Change(t.Context(), Change{Move: map[rows.Task]string{task: "b"}}, false); err != nil {
		t.Fatal(err)
	}
	if err := lease.Check(t.Context()); !lost(err) || err.Error() != "task c/0 belongs to worker b now" {
		t.Errorf("after a move that is not read yet: %v", err)
	}
	broken := NewBoard(a.Self, func(context.Context) error { return errAway }, a.Log)
	if err := broken.Lease(task, epoch).Check(t.Context()); !errors.Is(err, errAway) {
		t.Errorf("rows that cannot be read: %v", err)
	}
}
