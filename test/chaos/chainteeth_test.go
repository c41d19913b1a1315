//go:build proof

package chaos

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/test/checker"
)

// chainTooth is a rule of API chaining, the scenario in which its absence does harm, and the check that must see it.
type chainTooth struct {
	rule  string
	check string
	world chainSettings
	play  func(*chainWorld) error
}

// chainTeeth has an entry for each rule of API chaining that can be broken on purpose: R5 an item's progress moves in its
// page's transaction, R6 items are announced in their parent's, R13 no parent writes progress, R3-lane a lane fences before
// it reads, R16-lanes a changed configuration fences the lanes, lane-claim who runs a lane has taken its id from whoever had
// it, lane-advice a lane that the group gives to another is not claimed again. That a group offset is never too high is
// proven beside the one that works it out, in cmd/worker/build; bury-lanes makes nothing wrong, only later.
var chainTeeth = []chainTooth{
	{rule: "R5", check: checker.Torn, world: once, play: between(6, chainCall.ofLane)},
	{rule: "R6", check: Orphan, world: once, play: between(4, func(c chainCall) bool { return !c.ofLane() })},
	{rule: "R13", check: checker.Double, play: undisturbed(20 * time.Second)},
	{rule: "R3-lane", check: checker.Double, world: busy, play: lateReader},
	{rule: "R16-lanes", check: Stale, world: busy, play: reconfigured},
	{rule: "lane-claim", check: checker.Double, world: busy, play: sleepers},
	{rule: "lane-advice", check: checker.Duel, world: busy.with(4), play: shared},
}

// ofLane reports whether it is for a lane of the work queue.
func (c chainCall) ofLane() bool { return strings.Contains(c.id, "-q") }

// busy is a world in which every lane has something to do for a while.
var busy = chainSettings{rate: 1, backlog: 90, distinct: 90, interval: 500 * time.Millisecond}

// once is a world in which nobody comes twice, so that what is not announced never is. A claim keeps its epoch there, so
// that only what a kill has torn apart is found.
var once = chainSettings{distinct: 1000, old: true}

// with is s with a limit on the claims of a lane.
func (s chainSettings) with(claims int) chainSettings {
	s.claims = claims
	return s
}

// undisturbed lets one member work for some time.
func undisturbed(d time.Duration) func(*chainWorld) error {
	return func(w *chainWorld) error {
		w.join()
		err := w.awaitProgress(w.watch.visible())
		time.Sleep(d)
		return err
	}
}

// between kills the member at work again and again when it has just ended the transaction of a page: what should have been in
// it and is not, is lost.
func between(times int, of func(chainCall) bool) func(*chainWorld) error {
	return func(w *chainWorld) error {
		m := w.join()
		err := w.awaitProgress(w.watch.visible())
		for i := 0; i < times && err == nil; i++ {
			t := w.set(&chainTrap{
				n: 1 + (i*3+int(w.cfg.seed))%5, match: func(c chainCall) bool { return c.step == "end" && c.page && c.by == m && of(c) },
				do: func(chainCall) { m.kill() },
			})
			if err = w.caught(t); err != nil {
				return err
			}
			dead, before := m, w.watch.visible()
			m = w.join()
			if err = w.boss.bury(dead, true); err == nil {
				err = w.awaitProgress(before)
			}
		}
		return err
	}
}

// lateReader lets a second member come whose claims take two seconds each, in which the first one goes on, and who hears of the
// work queue late at that moment.
func lateReader(w *chainWorld) error {
	w.join()
	err := w.awaitProgress(w.watch.visible())
	time.Sleep(4 * time.Second) // until every lane has much to do
	for i := 0; i < 2 && err == nil; i++ {
		m := w.join()
		t := w.set(&chainTrap{
			n: 1, every: true, delay: 2 * time.Second, match: func(c chainCall) bool { return c.step == "claim" && c.by == m && c.ofLane() },
			do: func(chainCall) { m.tail.hold() },
		})
		if err = w.caught(t); err != nil {
			return err
		}
		time.Sleep(4 * time.Second)
		w.disarm()
		m.tail.release()
		before := w.watch.visible()
		w.retire(m)
		err = w.awaitProgress(before)
	}
	return err
}

// sleepers lets members stand still with pages on their way to the broker, and wakes them when others have their lanes.
func sleepers(w *chainWorld) error {
	m := w.join()
	err := w.awaitProgress(w.watch.visible())
	for i := 0; i < 3 && err == nil; i++ {
		t := w.set(&chainTrap{
			n: 2 + i, drop: true, match: func(c chainCall) bool { return c.step == "produce" && c.by == m && c.ofLane() },
			do: func(chainCall) { m.hold() },
		})
		if err = w.caught(t); err != nil {
			return err
		}
		before, old := w.watch.visible(), m
		m = w.join()
		if err = w.boss.bury(old, false); err == nil {
			err = w.awaitProgress(before)
		}
		time.Sleep(2 * time.Second) // an item that the other has under way is crawled
		old.release()
		time.Sleep(3 * time.Second)
		old.stop()
	}
	return err
}

// reconfigured changes the connector while pages of lanes are on their way to the broker.
func reconfigured(w *chainWorld) error {
	m := w.join()
	err := w.awaitProgress(w.watch.visible())
	for i := 0; i < 2 && err == nil; i++ {
		t := w.set(&chainTrap{
			n: 1, every: true, delay: 6 * time.Second, match: func(c chainCall) bool { return c.step == "produce" && c.by == m && c.ofLane() },
		})
		if err = w.caught(t); err != nil {
			return err
		}
		changed := maps.Clone(w.garden.properties(w.cfg.interval))
		changed["api2.request.interval.ms"] = fmt.Sprint(201 + i)
		if err = w.boss.herder.Put(w.t.Context(), name, changed); err != nil {
			return err
		}
		w.disarm()
		w.stale(10 * time.Second)
		before := w.watch.visible()
		if err = w.boss.open(); err == nil {
			err = w.boss.assign(m)
		}
		if err == nil {
			err = w.awaitProgress(before)
		}
	}
	return err
}

// stale looks on for a while in which no lane may run.
func (w *chainWorld) stale(d time.Duration) {
	time.Sleep(100 * time.Millisecond) // until what was committed before has been read
	before := w.watch.pages()
	time.Sleep(d)
	if n := w.watch.pages() - before; n > 0 {
		w.watch.found(Stale, "%d pages of lanes of the former configuration came after the new one was written", n)
	}
}

// pages counts the progress that lanes have written.
func (v *chainWatch) pages() (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, writers := range v.lanes {
		n += len(writers)
	}
	return n
}

// found is note without the lock.
func (v *chainWatch) found(check, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.note(check, format, args...)
}

// shared lets a second member come and looks on while the group gives half of the lanes to it.
func shared(w *chainWorld) error {
	w.join()
	err := w.awaitProgress(w.watch.visible())
	time.Sleep(4 * time.Second) // until every lane has much to do
	if err == nil {
		w.join()
		time.Sleep(30 * time.Second)
	}
	return err
}

// TestChainTeeth breaks one rule at a time: its named check must fail, and the same seed must pass with the rule kept.
func TestChainTeeth(t *testing.T) {
	s := firstSeed()
	for _, bite := range chainTeeth {
		t.Run(bite.rule, func(t *testing.T) {
			kept, err := bite.run(t, s, false)
			if err != nil || !kept.OK() {
				t.Fatalf("with %s kept, seed %d does not pass: %v\n%s\n%s", bite.rule, s, err, chainLine(kept), strings.Join(kept.Findings, "\n"))
			}
			broken, err := bite.run(t, s, true)
			if broken.Counts[bite.check] == 0 {
				t.Errorf("%s is broken, and %s does not see it (%v):\n%s\n%s", bite.rule, bite.check, err, chainLine(broken), strings.Join(broken.Findings, "\n"))
				return
			}
			fmt.Printf("chaos-chain-teeth: %s broken: caught by %s (%d findings; all: %s); kept: %s\n",
				bite.rule, bite.check, broken.Counts[bite.check], strings.Join(broken.Failed(), " "), chainLine(kept))
		})
	}
}

// run plays the scenario, with the rule kept or broken.
func (bite chainTooth) run(t *testing.T, seed uint64, broken bool) (report checker.Report, err error) {
	if broken {
		defer proof.Break(bite.rule)()
	}
	synctest.Test(t, func(t *testing.T) {
		cfg := bite.world
		cfg.seed = seed
		w := enterChain(t, cfg)
		err = bite.play(w)
		var late error
		if report, late = w.finish(50, time.Minute); err == nil {
			err = late
		}
	})
	return report, err
}
