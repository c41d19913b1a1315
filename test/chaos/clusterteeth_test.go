//go:build proof

package chaos

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/test/checker"
	"github.com/headwater/headwater/test/simapi"
)

// bite is a rule of the cluster, the schedule in which its absence does harm, and the check that must see it.
type bite struct {
	rule   string
	check  string
	shape  shape
	limits limits
	play   func(*fleet) error
	early  bool // it is broken before the members start
}

// bites has an entry for each rule of the cluster that can be broken on purpose.
var bites = []bite{
	{rule: "R10", check: Fight, play: stale},
	{rule: "R16", check: checker.Double, play: overtaken},
	{rule: "recheck", check: checker.Double, play: lateClaim},
	{rule: "fence-lost", check: Stall, shape: shape{timeout: time.Minute}, limits: limits{stall: session + 5*time.Second}, play: hung},
	{rule: "self-stop", check: Silent, play: cutOff},
	{rule: "watchdog", check: Led, play: stuck},
	{rule: "deposed", check: Rows, play: twoLeaders, early: true},
	{rule: "handover", check: Clean, limits: limits{clean: true}, play: clean},
	{rule: "drain", check: Drained, limits: limits{drained: time.Second}, play: goodbye},
	{rule: "instance", check: Once, play: namesake},
}

// first and second are the tasks of two APIs that go to two members, neither of which leads.
var first, second = rows.Task{Connector: "sima", N: 0}, rows.Task{Connector: "sima", N: 1}

// pair pins first and second to two members that do not lead, and returns these.
func (f *fleet) pair() (a, b *node, err error) {
	leader := f.leader()
	for _, n := range f.living() {
		switch {
		case n == leader:
		case a == nil:
			a = n
		default:
			b = n
		}
	}
	err = f.change(coordinator.Change{Pin: map[rows.Task]string{first: a.self.GetName(), second: b.self.GetName()}})
	if err == nil {
		err = f.settle(3)
	}
	return a, b, err
}

// change changes the assignment.
func (f *fleet) change(c coordinator.Change) error {
	return f.ask("a change of the assignment", func(ctx context.Context, n *node) error {
		_, err := n.part.Load().Change(ctx, c, false)
		return err
	})
}

// at is a trap at a member's next request of a kind under an id.
func (f *fleet) at(n *node, step string, task int, t trap) *trap {
	id := fmt.Sprintf("%s-sima-%d", group, task)
	t.n, t.match = 1, func(c call) bool { return c.by == n && c.step == step && c.id == id }
	return f.set(&t)
}

// stale moves a task away from a member that cannot read the rows: its claim is fenced, and it must not claim again.
func stale(f *fleet) error {
	a, b, err := f.pair()
	if err != nil {
		return err
	}
	a.row.hold()
	err = f.change(coordinator.Change{Pin: map[rows.Task]string{first: b.self.GetName()}})
	time.Sleep(time.Minute)
	a.row.release()
	return err
}

// overtaken exchanges the numbers of two APIs while the page of one of them is on its way to the broker.
func overtaken(f *fleet) error {
	_, b, err := f.pair()
	if err != nil {
		return err
	}
	if err := f.caught(f.at(b, "produce", 1, trap{delay: 6 * time.Second})); err != nil {
		return err
	}
	f.loads[0].exchange(0, 1)
	err = f.put(f.loads[0])
	time.Sleep(10 * time.Second)
	return err
}

// lateClaim has a claim land after the leader's fence, on a member that cannot read the rows at the time.
func lateClaim(f *fleet) error {
	a, _, err := f.pair()
	if err != nil {
		return err
	}
	t := f.at(a, "claim", 0, trap{delay: 4 * time.Second, do: func(call) { a.row.hold() }})
	err = f.ask("a restart", func(ctx context.Context, n *node) error {
		return n.herder.Restart(ctx, first.Connector, func(task int) bool { return task == first.N })
	})
	if err == nil {
		err = f.caught(t)
	}
	if err != nil {
		return err
	}
	f.loads[0].exchange(0, 1)
	err = f.put(f.loads[0])
	time.Sleep(15 * time.Second)
	a.row.release()
	return err
}

// hung kills a member in the middle of a transaction, while those who take over are slow to prepare.
func hung(f *fleet) error {
	a, _, err := f.pair()
	if err != nil {
		return err
	}
	for _, n := range f.living() {
		n.slow.Store(int64(30 * time.Second))
	}
	err = f.caught(f.at(a, "end", 0, trap{drop: true, do: func(call) { a.kill() }}))
	time.Sleep(40 * time.Second)
	return err
}

// cutOff takes Kafka from a member whose APIs have nothing new, so that it has nothing to commit that would tell it.
func cutOff(f *fleet) error {
	a, _, err := f.pair()
	if err != nil {
		return err
	}
	l := f.loads[0]
	l.sim.Finish()
	if err := f.await(time.Minute, "every record to arrive", func() bool { return len(l.watch.Missing()) == 0 }); err != nil {
		return err
	}
	f.part(a)
	time.Sleep(3 * session)
	f.mend(a)
	return nil
}

// stuck has the leader's questions about the group hang for ever, and then kills another member.
func stuck(f *fleet) error {
	a, _, err := f.pair()
	if err != nil {
		return err
	}
	f.leader().hangs.Store(true)
	time.Sleep(2 * time.Second)
	a.kill()
	const most = 100 * time.Second // twice a pass, a session, and what the new leader needs
	if err := f.await(most, "another leader", func() bool { return f.trail.abandoned() == 0 }); err != nil {
		f.trail.found(Led, "%s after %s died, %d of its APIs are polled by nobody", most, a, f.trail.abandoned())
	}
	for _, n := range f.living() {
		n.hangs.Store(false)
	}
	return nil
}

// twoLeaders lets a second member believe that it leads while what the first one writes is on its way.
func twoLeaders(f *fleet) error {
	_, b, err := f.pair()
	if err != nil {
		return err
	}
	leader := f.leader()
	t := f.set(&trap{n: 1, delay: 4 * time.Second, match: func(c call) bool { return c.step == "produce" && c.by == leader && strings.HasPrefix(c.id, writerID) }})
	go func() {
		_ = leader.take(func(ctx context.Context, n *node) error {
			return n.herder.Restart(ctx, first.Connector, func(int) bool { return true })
		})
	}()
	if err := f.caught(t); err != nil {
		return err
	}
	b.usurps.Store(true)
	for range 3 {
		err = b.take(func(ctx context.Context, n *node) error {
			return n.herder.Restart(ctx, first.Connector, func(task int) bool { return task == second.N })
		})
	}
	time.Sleep(6 * time.Second)
	b.usurps.Store(false)
	return err
}

// clean moves a task while its commit takes long.
func clean(f *fleet) error {
	a, b, err := f.pair()
	for _, to := range []*node{b, a, b} {
		from := map[*node]*node{a: b, b: a}[to]
		if err == nil {
			err = f.caught(f.at(from, "end", 0, trap{delay: 500 * time.Millisecond}))
		}
		if err == nil {
			err = f.change(coordinator.Change{Pin: map[rows.Task]string{first: to.self.GetName()}})
		}
		if err == nil {
			err = f.settle(3)
		}
	}
	return err
}

// goodbye lets a member leave in order while the leader takes long to write who has its tasks next.
func goodbye(f *fleet) error {
	a, _, err := f.pair()
	if err == nil { // only who has polled can be missed
		err = f.await(settleTime, "the one that leaves to poll", func() bool { return f.trail.asks(a) })
	}
	if err == nil {
		f.set(&trap{n: 1, delay: 3 * time.Second, match: func(c call) bool { return c.step == "produce" && c.id == writerID }})
		a.leave()
		err = f.settle(2)
	}
	return err
}

// asks reports whether n runs a task that it has polled.
func (t *trail) asks(n *node) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for url, p := range t.polls {
		if p.by == n && t.mine(n, url) {
			return true
		}
	}
	return false
}

// runner is the member that started the task's row.
func (t *trail) runner(task rows.Task) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.starts[start{task, t.tasks[task].GetEpoch()}]
}

// namesake starts a member again under its name while the first one stands still, and wakes that. Its questions about the
// group stay unanswered, so that it does not learn in time that it was replaced: the rows have to tell it.
func namesake(f *fleet) error {
	a, _, err := f.pair()
	if err != nil {
		return err
	}
	f.freeze(a)
	a.hangs.Store(true)
	next := f.join(a.self.GetName())
	if err := f.await(settleTime, "the new one to have its task", func() bool { return f.trail.runner(first) == next }); err != nil {
		return err
	}
	for _, w := range a.wires() {
		w.release()
	}
	time.Sleep(4 * time.Second)
	a.kill()
	return nil
}

// TestClusterTeeth breaks one rule of the cluster at a time: its named check must fail, and the same seed must pass with
// the rule kept.
func TestClusterTeeth(t *testing.T) {
	s := firstSeed()
	for _, b := range bites {
		t.Run(b.rule, func(t *testing.T) {
			kept, err := b.run(t, s, false)
			if err != nil || !kept.OK() {
				t.Errorf("with %s kept, seed %d does not pass: %v\n%s\n%s", b.rule, s, err, kept.Line(), strings.Join(kept.Findings, "\n"))
			}
			broken, err := b.run(t, s, true)
			if broken.Counts[b.check] == 0 {
				t.Errorf("%s is broken, and %s does not see it (%v):\n%s\n%s", b.rule, b.check, err, broken.Line(), strings.Join(broken.Findings, "\n"))
				return
			}
			fmt.Printf("chaos-cluster-teeth: %s broken: caught by %s (%d findings; all: %s); kept: %s\n",
				b.rule, b.check, broken.Counts[b.check], strings.Join(broken.Failed(), " "), kept.Line())
		})
	}
}

// run plays the schedule, with the rule kept or broken.
func (b bite) run(t *testing.T, seed uint64, broken bool) (report checker.Report, err error) {
	undo := func() {}
	defer func() { undo() }()
	plant := func() {
		if broken {
			undo = proof.Break(b.rule)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := b.shape
		s.seed, s.modes = seed, [][]string{{"incrementing", "chaining", "cursor-token", "chaining-equal"}}
		s.growth = simapi.Growth{Backlog: 30, PerRequest: 6, Total: 3000}
		if b.early {
			plant()
		}
		f := muster(t, s)
		f.trail.limits = b.limits
		if err = f.begin(3); err == nil {
			if !b.early {
				plant()
			}
			err = b.play(f)
		}
		if err == nil {
			err = f.settle(0)
		}
		var late error
		if report, late = f.finish(20, time.Minute); err == nil {
			err = late
		}
		if verbose {
			t.Logf("longest: held back %s, late %s, left %s", f.trail.stallMax, f.trail.lateMax, f.trail.gapMax)
		}
	})
	return report, err
}
