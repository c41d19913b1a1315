package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/test/checker"
)

// died is told when a member is killed: whatever it polled last is an orphan. Whom the gossip has not heard of again since
// it was disturbed, the others miss only when its session is over.
func (t *trail) died(n *node) {
	limit := t.limits.late
	if limit > 0 && !t.f.heard(n) {
		limit = max(limit, session+5*time.Second)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.orphan(n, limit, Late)
	t.excuse(n)
}

// heard says whether all the others hold n for alive.
func (f *fleet) heard(n *node) bool {
	return !slices.ContainsFunc(f.living(), func(o *node) bool {
		g := o.gossip.Load()
		return o != n && g != nil && g.State(n.self.GetName(), n.self.GetInstance()) != gossip.Alive
	})
}

func (t *trail) orphan(n *node, limit time.Duration, check string) {
	for url, p := range t.polls {
		if p.by == n && t.mine(n, url) {
			t.orphans[url] = orphan{n, time.Now(), limit, check}
		}
	}
}

// mine reports whether the task that polls url runs on n and should.
func (t *trail) mine(n *node, url string) bool {
	for _, l := range t.f.loads {
		for i, a := range l.sim.APIs() {
			if a.PartitionURL(l.parsed.BaseURL) != url {
				continue
			}
			_, here := t.runs[rows.Task{Connector: l.name, N: (l.numbers[i] - 1) % l.tasks()}][n]
			_, paused := t.paused[l.name]
			return here && !paused
		}
	}
	return false
}

func (l *load) tasks() int {
	n := len(l.numbers)
	if m := l.parsed.TasksMax; m > 0 {
		n = min(n, m)
	}
	return n
}

func (t *trail) excuse(n *node) {
	t.excused[n] = true
	for _, on := range t.runs {
		delete(on, n)
	}
}

// leaves is told when a member begins to leave in order.
func (t *trail) leaves(n *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.excused[n], t.leaving[n] = true, true
}

// forgive ends all excuses: whatever was done has been got over.
func (t *trail) forgive() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.excused)
}

// pause is told when a connector is about to be paused, and when it runs again.
func (t *trail) pause(l *load, yes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if delete(t.paused, l.name); yes {
		t.paused[l.name] = time.Now()
	}
}

// stands is told when a member stands still, and when it goes on: what it stops needs no row.
func (t *trail) stands(n *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.excused[n] = true
}

// cut is told when a member loses Kafka. For a session longer than its last heartbeat nobody else may be at its APIs.
func (t *trail) cut(n *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cuts[n], t.excused[n] = time.Now(), true
}

func (t *trail) healed(n *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.cuts, n)
}

// fenced is told of commits that were refused because somebody else had claimed the id.
func (t *trail) fenced(n *node, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !strings.HasPrefix(id, writerID) && !t.excused[n] {
		t.clean++
		if t.limits.clean {
			t.note(Clean, "%s was fenced while it committed under %s", n, id)
		}
	}
}

// judge says what was wrong.
func (t *trail) judge() checker.Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.stops {
		t.unmoved(s)
	}
	for _, l := range t.f.loads {
		for i := range l.numbers {
			t.fight(l, i)
		}
	}
	return checker.Report{Counts: t.counts, Findings: t.findings}
}

// unmoved looks whether the row of a task that was stopped had changed.
func (t *trail) unmoved(s stop) {
	const late = time.Second // this reader may be slower than the member's
	moved := slices.ContainsFunc(t.changes[s.task], func(c change) bool { return (c.epoch > s.epoch || c.epoch == 0) && c.at.Before(s.at.Add(late)) })
	if !moved {
		t.note(Unmoved, "%s stopped %s of epoch %d at %s without a reason", s.by, s.task, s.epoch, s.at.Format("05.000"))
	}
}

// fight holds the claims of an id against its connector's moves and the strikes.
func (t *trail) fight(l *load, i int) {
	id := fmt.Sprintf("%s-%s-%d", group, l.name, i)
	moved := len(t.changes[rows.Task{Connector: l.name, N: i % l.tasks()}])
	if most := 3*moved + 4; t.claims[id] > most {
		t.note(Fight, "%s was claimed %d times for %d rows", id, t.claims[id], moved)
	}
}
