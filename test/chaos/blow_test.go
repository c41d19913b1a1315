package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/rows"
)

// blow is one thing that is done to a fleet, at the n-th request of a kind where it strikes a member.
type blow struct {
	how  string
	who  string // owner (whoever makes that request), leader, newest
	step string
	n    int
	drop bool
	load int           // which connector, where it is about one
	hold time.Duration // how long it lasts
	task int
}

func (b blow) String() string {
	text := b.how
	if b.who != "" {
		text += fmt.Sprintf(" of %s at %s %d", b.who, b.step, b.n)
		if b.drop {
			text += " (not carried out)"
		}
	}
	if b.hold > 0 {
		text += " for " + b.hold.String()
	}
	return fmt.Sprintf("%s, connector %d, task %d", text, b.load, b.task)
}

// Blows, beside kill and partition.
const (
	freeze  = "freeze"  // SIGSTOP for longer than the session
	hush    = "hush"    // nobody hears its gossip
	split   = "split"   // the gossip falls in two
	arrive  = "join"    // a member comes
	leave   = "leave"   // a member leaves in order
	quicken = "put"     // another interval
	swap    = "swap"    // two APIs exchange their numbers
	pause   = "pause"   // and resume
	halted  = "stop"    // and resume
	restart = "restart" // all tasks of a connector
	pin     = "pin"     // a task to another member, then back
	move    = "move"    // a task, once
	drained = "drain"   // a member, then not any more
	usurp   = "usurp"   // a member believes that it leads, beside the one that does
	twin    = "twin"    // a member stands still, and is started again under its name
)

var blows = []string{
	kill, kill, kill, kill, freeze, freeze, partition, partition, hush, split, arrive, leave, leave, quicken, swap, swap, pause,
	halted, restart, pin, move, drained, usurp, usurp, twin,
}

// drawBlow plans a blow.
func (f *fleet) drawBlow(rng *rand.Rand) blow {
	b := blow{how: blows[rng.IntN(len(blows))], load: rng.IntN(len(f.loads)), n: 1 + rng.IntN(10), drop: rng.IntN(2) == 0, task: rng.IntN(5)}
	switch b.how {
	case kill, freeze, partition, twin, hush, split, usurp:
		b.who = []string{"owner", "owner", "leader", "newest"}[rng.IntN(4)]
		b.step = []string{"produce", "end", "end", "http"}[rng.IntN(4)]
	}
	switch b.how {
	case freeze, twin:
		b.hold = []time.Duration{2 * time.Second, session + 4*time.Second, txnTimeout + session}[rng.IntN(3)]
	case partition:
		b.hold = []time.Duration{time.Second, session + 3*time.Second, 3 * session}[rng.IntN(3)]
	case hush, split, usurp:
		b.hold = []time.Duration{time.Second, 5 * time.Second, 12 * time.Second}[rng.IntN(3)]
	}
	return b
}

// deal deals a blow and waits until the fleet has got over it.
func (f *fleet) deal(b blow) error {
	members := len(f.living())
	if b.how == arrive && members >= 5 {
		b.how = leave
	}
	if b.how == leave && members <= 3 {
		b.how = arrive
	}
	before := f.visible()
	f.t.Logf("%s %s", time.Now().Format("04:05.000"), b)
	err := f.strike(b)
	if err == nil {
		err = f.settle(len(f.living()))
	}
	if err == nil {
		err = f.progress(before)
	}
	if err == nil {
		err = f.await(settleTime, "orphans to be polled", func() bool { return f.trail.abandoned() == 0 })
	}
	for _, n := range f.all() {
		if why := n.ended.Swap(nil); why != nil && b.how != twin && err == nil {
			err = fmt.Errorf("%s ended by itself: %w", n, *why)
		}
	}
	f.disarm()
	f.trail.forgive()
	return err
}

func (f *fleet) strike(b blow) error {
	if b.who != "" {
		return f.strikeMember(b)
	}
	l := f.loads[b.load]
	switch b.how {
	case arrive:
		n := f.join("")
		return f.await(time.Minute, "a member to come up", n.ready)
	case leave:
		some := f.living()
		some[b.n%len(some)].leave()
		return nil
	case quicken:
		l.hurry(200 + f.fresh())
		return f.put(l)
	case swap:
		if !l.swap() {
			return nil
		}
		return f.put(l)
	case pause, halted:
		return f.rest(b, l)
	case restart:
		return f.ask("a restart", func(ctx context.Context, n *node) error {
			return n.herder.Restart(ctx, l.name, func(int) bool { return true })
		})
	}
	return f.assign(b, l)
}

// rest pauses or stops a connector for a while.
func (f *fleet) rest(b blow, l *load) error {
	f.trail.pause(l, true)
	state := map[string]string{pause: "PAUSED", halted: "STOPPED"}[b.how]
	target := func(state string) error {
		return f.ask("state "+state, func(ctx context.Context, n *node) error { return n.herder.Target(ctx, l.name, state) })
	}
	if err := target(state); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	err := target("STARTED")
	if err == nil {
		f.trail.pause(l, false)
	}
	return err
}

// assign pins, moves or drains, and takes back what stays.
func (f *fleet) assign(b blow, l *load) error {
	some := f.living()
	to := some[b.n%len(some)].self.GetName()
	task := rows.Task{Connector: l.name, N: b.task % l.tasks()}
	change := func(c coordinator.Change) error {
		return f.ask("a change of the assignment", func(ctx context.Context, n *node) error {
			_, err := n.part.Load().Change(ctx, c, false)
			return err
		})
	}
	switch b.how {
	case pin:
		err := change(coordinator.Change{Pin: map[rows.Task]string{task: to}})
		if err == nil {
			err = f.await(settleTime, "the pin to hold", func() bool { return f.trail.holder(task) == to })
		}
		return errors.Join(err, change(coordinator.Change{Unpin: []rows.Task{task}}))
	case move:
		return change(coordinator.Change{Move: map[rows.Task]string{task: to}})
	}
	err := change(coordinator.Change{Drain: []string{to}})
	if err == nil {
		err = f.await(settleTime, "the drain to be done", func() bool { return !slices.Contains(f.trail.holders(), to) })
	}
	return errors.Join(err, change(coordinator.Change{Undrain: []string{to}}))
}

func (t *trail) holder(task rows.Task) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tasks[task].GetWorker()
}

func (t *trail) holders() (names []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for a := range maps.Values(t.tasks) {
		names = append(names, a.GetWorker())
	}
	return names
}

// strikeMember does something to a member at one of its requests.
func (f *fleet) strikeMember(b blow) error {
	if b.who == "leader" {
		if err := f.reign(); err != nil {
			return err
		}
	}
	some := f.living()
	leader, newest := f.leader(), some[len(some)-1]
	match := func(c call) bool {
		switch {
		case c.by == nil || c.by.gone.Load() || c.step != b.step:
			return false
		case b.who == "leader":
			return c.by == leader
		case b.who == "newest":
			return c.by == newest
		}
		return c.id != writerID
	}
	if b.who == "leader" && b.step != "http" { // where it writes the rows, which a change of a connector makes it do
		match = func(c call) bool { return c.id == writerID && c.step == b.step }
		b.n = 1 + b.n%2
	}
	var hit *node
	t := f.set(&trap{match: match, n: b.n, drop: b.drop && b.how == kill, do: func(c call) {
		hit = c.by
		f.hurt(b, hit)
	}})
	if b.who == "leader" && b.step != "http" {
		l := f.loads[b.load]
		l.hurry(200 + f.fresh())
		go func() { _ = f.put(l) }()
	}
	if err := f.caught(t); err != nil {
		return err
	}
	return f.after(b, hit)
}

// hurt is what happens at the request; it does not block.
func (f *fleet) hurt(b blow, n *node) {
	switch b.how {
	case kill:
		n.kill()
	case freeze, twin:
		f.freeze(n)
	case partition:
		f.part(n)
	case hush:
		f.hush(n, true)
	case split:
		f.split([]*node{n, f.other(n)})
	case usurp:
		f.other(n).usurps.Store(true)
	}
}

// reign waits until the leader in the rows is the group's again.
func (f *fleet) reign() error {
	return f.await(settleTime, "the rows to name the group's leader", func() bool {
		l := f.leader()
		return l != nil && l.group.Load().Leads()
	})
}

// fresh is a small number that no connector has in its configuration yet.
func (f *fleet) fresh() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.puts++
	return f.puts
}

// other is some member but n.
func (f *fleet) other(n *node) *node {
	some := f.living()
	for _, o := range slices.Backward(some) {
		if o != n && o != f.leader() {
			return o
		}
	}
	return n
}

// after lets time pass and mends what can be mended.
func (f *fleet) after(b blow, n *node) error {
	switch b.how {
	case kill:
		f.join("")
		return nil
	case twin:
		f.join(n.self.GetName())
	}
	time.Sleep(b.hold)
	switch b.how {
	case freeze:
		f.thaw(n)
	case twin:
		f.thaw(n)
		if err := f.await(settleTime, "the one that was replaced to end", n.gone.Load); err != nil {
			return err
		}
	case partition:
		f.mend(n)
	case hush:
		f.hush(n, false)
	case split:
		f.split(nil)
	case usurp:
		for _, o := range f.living() {
			o.usurps.Store(false)
		}
		// The group's leader claims again with its next write; that it waits for one is TestTheRowsNameTheLeader's matter.
		err := f.ask("a restart", func(ctx context.Context, n *node) error {
			return n.herder.Restart(ctx, f.loads[b.load].name, func(task int) bool { return task == 0 })
		})
		return errors.Join(err, f.reign())
	}
	return nil
}
