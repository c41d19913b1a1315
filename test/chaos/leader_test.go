//go:build proof

package chaos

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/headwater/headwater/coordinator/rows"
)

// passes plays a schedule with every rule kept; no check may fail.
func passes(t *testing.T, b bite) {
	t.Helper()
	report, err := b.run(t, firstSeed(), false)
	if err != nil || !report.OK() {
		t.Errorf("seed %d: %v\n%s\n%s", *seed, err, report.Line(), strings.Join(report.Findings, "\n"))
	}
}

// lateWrite has a leader's write fail and its next claim land late, after another leader has written rows of its own: the
// first one's next try must not put its old rows over them.
func lateWrite(f *fleet) error {
	_, b, err := f.pair()
	if err != nil {
		return err
	}
	once := true
	h := f.cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.UnknownServerError, Topic: rowTopic,
		When: func(kmsg.Request) bool { first := once; once = false; return first },
	})
	defer h.Remove()
	t := f.set(&trap{n: 1, delay: 4 * time.Second, match: func(c call) bool { return c.step == "claim" && c.id == writerID }})
	again := func(m *node, task rows.Task) error {
		return m.take(func(ctx context.Context, n *node) error {
			return n.herder.Restart(ctx, task.Connector, func(n int) bool { return n == task.N })
		})
	}
	leader := f.leader()
	go func() { _ = again(leader, first) }()
	if err := f.caught(t); err != nil {
		return err
	}
	b.usurps.Store(true)
	err = f.await(time.Minute, "the other to lead", func() bool { return again(b, second) == nil })
	b.usurps.Store(false)
	time.Sleep(10 * time.Second)
	return err
}

// TestALateWriteIsRefused: what a leader could not write in time it does not write over another leader's rows.
func TestALateWriteIsRefused(t *testing.T) {
	passes(t, bite{play: lateWrite})
}

// TestTheRowsNameTheLeader: a member that believed for a moment that it led has written the rows last. The group's leader
// has nothing to write, and must say all the same that it leads: changes are forwarded to whom the rows name.
func TestTheRowsNameTheLeader(t *testing.T) {
	passes(t, bite{play: func(f *fleet) error {
		_, b, err := f.pair()
		if err != nil {
			return err
		}
		b.usurps.Store(true)
		err = b.take(func(ctx context.Context, n *node) error {
			return n.herder.Restart(ctx, second.Connector, func(task int) bool { return task == second.N })
		})
		b.usurps.Store(false)
		if err != nil {
			return err
		}
		return f.reign()
	}})
}

// TestALeaderDiesWhileTheGroupRebalances: a member comes at the moment at which the leader dies. While the group settles
// its members come without what they say about themselves, and the dead leader has to be taken out of it all the same.
func TestALeaderDiesWhileTheGroupRebalances(t *testing.T) {
	passes(t, bite{limits: limits{late: 5 * time.Second}, play: func(f *fleet) error {
		f.leader().kill()
		f.join("")
		return f.settle(3)
	}})
}

// TestAMemberDiesWhileTheGroupRebalances: the group waits for whoever has not joined again, a session for the dead.
func TestAMemberDiesWhileTheGroupRebalances(t *testing.T) {
	passes(t, bite{limits: limits{late: 5 * time.Second}, play: func(f *fleet) error {
		f.other(f.leader()).kill()
		f.join("")
		return f.settle(3)
	}})
}

// TestTheEvictedComeBack: a member is taken out by mistake while it waits for a rebalance to end, which says nothing to it.
func TestTheEvictedComeBack(t *testing.T) {
	passes(t, bite{play: func(f *fleet) error {
		leader := f.leader()
		frozen := f.other(leader)
		f.trail.stands(frozen)
		f.freeze(frozen)
		f.join("")
		time.Sleep(500 * time.Millisecond)
		g := leader.group.Load()
		id, _ := g.MemberID()
		if err := g.Evict(leader.ctx, id); err != nil {
			return err
		}
		time.Sleep(session + 4*time.Second)
		f.thaw(frozen)
		return f.settle(4)
	}})
}
