package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/coordinator/rows"
)

// settleTime is how long a fleet may take to come to rest: a session, two rebalances and what is waited between tries.
const settleTime = time.Minute

// settle waits until every task is run by exactly one living member, under its row, and the counts are even.
func (f *fleet) settle(members int) error {
	var why []string
	err := f.await(settleTime, "the fleet to settle", func() bool {
		why = f.trail.unsettled(f.living(), members)
		return len(why) == 0
	})
	if err == nil {
		return nil
	}
	for _, w := range why {
		check, text, _ := strings.Cut(w, ": ")
		f.trail.found(check, "after %s %s", settleTime, text)
	}
	return fmt.Errorf("%w: %s", err, strings.Join(why, "; "))
}

// unsettled says what is not as it should be, by the name of the check.
func (t *trail) unsettled(living []*node, members int) (why []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, counts := map[string]*node{}, map[*node]int{}
	for _, n := range living {
		if !n.ready() || n.frozen.Load() || n.cut.Load() {
			continue
		}
		at[n.self.GetInstance()], counts[n] = n, 0
	}
	if members > 0 && len(counts) != members {
		why = append(why, fmt.Sprintf("%s: %d members take part instead of %d", Even, len(counts), members))
	}
	for _, l := range t.f.loads {
		if _, paused := t.paused[l.name]; paused {
			continue
		}
		for n := range l.tasks() {
			task := rows.Task{Connector: l.name, N: n}
			row := t.tasks[task]
			owner := at[row.GetInstance()]
			if owner == nil {
				why = append(why, fmt.Sprintf("%s: %s is %s/%s's", Once, task, row.GetWorker(), row.GetInstance()))
				continue
			}
			counts[owner]++
			why = append(why, t.astray(task, row.GetEpoch(), owner, at)...)
		}
	}
	least, most := 1<<30, 0
	for _, n := range counts {
		least, most = min(least, n), max(most, n)
	}
	if len(t.pinned) == 0 && most-least > 1 {
		why = append(why, fmt.Sprintf("%s: from %d to %d tasks a member", Even, least, most))
	}
	return why
}

// astray lists members that run a task and should not, and the one that should and does not.
func (t *trail) astray(task rows.Task, epoch int64, owner *node, at map[string]*node) (why []string) {
	if e, runs := t.runs[task][owner]; !runs || e != epoch {
		why = append(why, fmt.Sprintf("%s: %s does not run %s of epoch %d", Once, owner, task, epoch))
	}
	for n := range t.runs[task] {
		if n != owner && at[n.self.GetInstance()] == n {
			why = append(why, fmt.Sprintf("%s: %s runs %s beside %s", Once, n, task, owner))
		}
	}
	slices.Sort(why)
	return why
}

// abandoned are APIs that nobody has polled since their worker died.
func (t *trail) abandoned() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.orphans)
}
