package plan_test

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/headwater/headwater/coordinator/plan"
	"github.com/headwater/headwater/coordinator/rows"
)

// TestThroughAnyHistory lets a small cluster live through anything and holds every plan on the way to every rule.
func TestThroughAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &cluster{in: plan.Input{Previous: map[rows.Task]string{}, Pins: map[rows.Task]string{}}}
		for range rapid.IntRange(1, 25).Draw(t, "events") {
			c.event(t)
			moves := plan.Assign(c.in)
			check(t, c.in, moves)
			for _, m := range moves {
				c.in.Previous[m.Task] = m.To
			}
			if again := plan.Assign(c.in); len(again) > 0 {
				t.Fatalf("made, the plan is followed by %+v", again)
			}
			c.in.Wishes = nil
		}
	})
}

// TestFromAnyState starts from tasks that are strewn over workers as no history would leave them.
func TestFromAnyState(t *testing.T) {
	for _, weighed := range []bool{false, true} {
		t.Run(fmt.Sprintf("weighed=%v", weighed), rapid.MakeCheck(func(t *rapid.T) {
			in := plan.Input{Previous: map[rows.Task]string{}, Pins: map[rows.Task]string{}, Workers: workers(rapid.IntRange(1, 4).Draw(t, "workers"))}
			each := rapid.IntRange(1, 6)
			if weighed {
				each, in.Weights = rapid.IntRange(1, 12), map[rows.Task]float64{}
			}
			for i := range rapid.IntRange(1, 5).Draw(t, "connectors") {
				in.Tasks = append(in.Tasks, tasks(fmt.Sprint("c", i), each.Draw(t, "tasks"))...)
			}
			holder := rapid.SampledFrom(append(workers(6)[:rapid.IntRange(1, 6).Draw(t, "holders")], ""))
			for _, task := range in.Tasks {
				in.Previous[task] = holder.Draw(t, "holder")
				if rapid.IntRange(0, 9).Draw(t, "pinned") == 0 {
					in.Pins[task] = holder.Draw(t, "pin")
				}
				if weighed {
					in.Weights[task] = anyWeight.Draw(t, "weight")
				}
			}
			moves := plan.Assign(in)
			check(t, in, moves)
			in.Previous = after(in, moves)
			if again := plan.Assign(in); len(again) > 0 {
				t.Fatalf("made, the plan is followed by %+v", again)
			}
		}))
	}
}

// cluster is a history's present.
type cluster struct{ in plan.Input }

var (
	anyWorker    = rapid.SampledFrom([]string{"w1", "w2", "w3", "w4", "w5"})
	anyConnector = rapid.SampledFrom([]string{"a", "b", "c/d"})
	anyTask      = rapid.Custom(func(t *rapid.T) rows.Task {
		return rows.Task{Connector: anyConnector.Draw(t, "connector"), N: rapid.IntRange(0, 4).Draw(t, "n")}
	})
	anyWeight = rapid.OneOf(rapid.SampledFrom([]float64{0, 1, 1, 2, 10, -1, math.NaN(), 1e99}), rapid.Float64Range(0, 20))
)

func (c *cluster) event(t *rapid.T) {
	in, worker := &c.in, anyWorker.Draw(t, "worker")
	switch kind := rapid.IntRange(0, 10).Draw(t, "event"); kind {
	case 0, 1: // joins, or is no longer drained
		in.Leaving = without(in.Leaving, worker)
		in.Workers = append(without(in.Workers, worker), worker)
	case 2: // is lost
		in.Leaving, in.Workers = without(in.Leaving, worker), without(in.Workers, worker)
	case 3: // is drained
		in.Workers = without(in.Workers, worker)
		in.Leaving = append(without(in.Leaving, worker), worker)
	case 4, 5: // a connector is made, changed or deleted
		name, n := anyConnector.Draw(t, "connector"), rapid.IntRange(0, 5).Draw(t, "tasks")
		in.Tasks = slices.DeleteFunc(slices.Clone(in.Tasks), func(task rows.Task) bool { return task.Connector == name })
		in.Tasks = append(in.Tasks, tasks(name, n)...)
	case 6:
		in.Pins[anyTask.Draw(t, "task")] = worker
	case 7:
		clear(in.Pins)
	case 8:
		in.Wishes = rapid.MapOfN(anyTask, anyWorker, 1, 3).Draw(t, "wishes")
	case 9: // a connector's rows are set to nobody, or anything stands there
		task := anyTask.Draw(t, "task")
		in.Previous[task] = rapid.SampledFrom([]string{"", worker}).Draw(t, "holder")
	case 10:
		in.Weights = nil
		if rapid.Bool().Draw(t, "weighed") {
			in.Weights = rapid.MapOf(anyTask, anyWeight).Draw(t, "weights")
		}
	}
}

func without(list []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == name })
}

// check holds a plan to the rules.
func check(t *rapid.T, in plan.Input, moves []plan.Move) {
	wellFormed(t, in, moves)
	sameWhenShuffled(t, in, moves)
	if len(in.Workers) == 0 {
		nobodyIsLeft(t, in, moves)
		return
	}
	end := after(in, moves)
	for task, worker := range end {
		switch want := forced(in, task); {
		case !slices.Contains(in.Workers, worker):
			t.Fatalf("%s is on %q, which is not one of %q", task, worker, in.Workers)
		case want != "" && want != worker:
			t.Fatalf("%s is on %s and was to be on %s", task, worker, want)
		}
	}
	if weighs(in) {
		byWeight(t, in, end)
		return
	}
	even(t, in, end)
	fewest(t, in, moves)
	spread(t, in, end)
}

// forced returns the worker that a task must be on, "" if it is free.
func forced(in plan.Input, task rows.Task) string {
	if slices.Contains(in.Workers, in.Pins[task]) {
		return in.Pins[task]
	}
	if slices.Contains(in.Workers, in.Wishes[task]) {
		return in.Wishes[task]
	}
	return ""
}

// reason is the decision table of the documented reasons, written a second time.
func reason(in plan.Input, task rows.Task) string {
	from := in.Previous[task]
	switch {
	case slices.Contains(in.Workers, in.Pins[task]):
		return "pinned"
	case forced(in, task) != "":
		return "moved by hand"
	case from == "":
		return "new task"
	case slices.Contains(in.Leaving, from):
		return "drain of " + from
	case !slices.Contains(in.Workers, from):
		return "worker " + from + " lost"
	}
	return "balance"
}

func wellFormed(t *rapid.T, in plan.Input, moves []plan.Move) {
	for i, m := range moves {
		switch {
		case i > 0 && moves[i-1].Task.Compare(m.Task) >= 0:
			t.Fatalf("%s comes before %s", moves[i-1].Task, m.Task)
		case !slices.Contains(in.Tasks, m.Task):
			t.Fatalf("%s is no task", m.Task)
		case m.From != in.Previous[m.Task] || m.From == m.To:
			t.Fatalf("%+v is no move, it was on %q", m, in.Previous[m.Task])
		case m.Reason != reason(in, m.Task):
			t.Fatalf("%+v for another reason than %q", m, reason(in, m.Task))
		}
	}
}

func sameWhenShuffled(t *rapid.T, in plan.Input, moves []plan.Move) {
	if len(in.Tasks) > 0 { // some twice
		in.Tasks = append(rapid.Permutation(in.Tasks).Draw(t, "tasks"), in.Tasks[0])
	}
	if len(in.Workers) > 0 {
		in.Workers = append(rapid.Permutation(in.Workers).Draw(t, "workers"), in.Workers[0])
	}
	in.Leaving = slices.Clone(in.Leaving)
	slices.Reverse(in.Leaving)
	in.Previous = maps.Clone(in.Previous)
	if got := plan.Assign(in); !reflect.DeepEqual(got, moves) {
		t.Fatalf("in another order:\n%+v, before:\n%+v", got, moves)
	}
}

func nobodyIsLeft(t *rapid.T, in plan.Input, moves []plan.Move) {
	for task, worker := range after(in, moves) {
		want := in.Previous[task]
		if !slices.Contains(in.Leaving, want) {
			want = ""
		}
		if worker != want {
			t.Fatalf("%s is on %q, with only %q left", task, worker, in.Leaving)
		}
	}
}

// isEven is the definition: who has a task that nothing forces there has at most one more than any other.
func isEven(total, free []int) bool {
	least := slices.Min(total)
	for w := range total {
		if free[w] > 0 && total[w] > least+1 {
			return false
		}
	}
	return true
}

// tally counts tasks by worker: all, and the free ones.
func tally(in plan.Input, holders map[rows.Task]string) (total, free []int) {
	total, free = make([]int, len(in.Workers)), make([]int, len(in.Workers))
	for task, worker := range holders {
		if w := slices.Index(in.Workers, worker); w >= 0 {
			total[w]++
			if forced(in, task) == "" {
				free[w]++
			}
		}
	}
	return total, free
}

func even(t *rapid.T, in plan.Input, end map[rows.Task]string) {
	if total, free := tally(in, end); !isEven(total, free) {
		t.Fatalf("uneven: %v tasks on %q, of them free %v", total, in.Workers, free)
	}
}

// fewest compares the number of moves with the least there can be, found by trying every even way to share the free tasks.
func fewest(t *rapid.T, in plan.Input, moves []plan.Move) {
	must := 0                             // moves that any plan makes
	fixed := make([]int, len(in.Workers)) // forced tasks
	kept := make([]int, len(in.Workers))  // free tasks that could stay
	free := 0
	for _, task := range in.Tasks {
		from := in.Previous[task]
		if want := forced(in, task); want != "" {
			fixed[slices.Index(in.Workers, want)]++
			if want != from {
				must++
			}
			continue
		}
		free++
		if w := slices.Index(in.Workers, from); w >= 0 {
			kept[w]++
		} else {
			must++
		}
	}
	best := len(in.Tasks) + 1
	share := make([]int, len(in.Workers))
	var try func(w, left int)
	try = func(w, left int) {
		if w < len(share)-1 {
			for share[w] = 0; share[w] <= left; share[w]++ {
				try(w+1, left-share[w])
			}
			return
		}
		share[w] = left
		total, n := make([]int, len(share)), must
		for v := range share {
			total[v] = fixed[v] + share[v]
			n += max(0, kept[v]-share[v])
		}
		if n < best && isEven(total, share) {
			best = n
		}
	}
	try(0, free)
	if len(moves) != best {
		t.Fatalf("%d moves where %d would do: %+v", len(moves), best, moves)
	}
}

// spread tries all changes to which tasks move, and where, that leave counts and the number of moves as they are.
func spread(t *rapid.T, in plan.Input, end map[rows.Task]string) {
	before := squares(end)
	movable := func(task rows.Task) bool { return forced(in, task) == "" && end[task] != in.Previous[task] }
	try := func(what string, i, j rows.Task) {
		end[i], end[j] = end[j], end[i]
		if s := squares(end); s < before {
			t.Fatalf("%s of %s and %s spreads better: %d, not %d", what, i, j, s, before)
		}
		end[i], end[j] = end[j], end[i]
	}
	for _, i := range in.Tasks {
		if !movable(i) {
			continue
		}
		for _, j := range in.Tasks {
			if movable(j) || forced(in, j) == "" && end[j] == in.Previous[i] {
				try("exchange", i, j)
			}
		}
		n, at := counts(end), end[i]
		for _, w := range in.Workers {
			if n[w] < n[at] {
				end[i] = w
				if s := squares(end); s < before {
					t.Fatalf("%s on %s spreads better: %d, not %d", i, w, s, before)
				}
				end[i] = at
			}
		}
	}
}

// squares is less the more evenly connectors are spread: the sum of the squares of their counts by worker.
func squares(m map[rows.Task]string) (sum int) {
	n := map[[2]string]int{}
	for task, worker := range m {
		n[[2]string{task.Connector, worker}]++
	}
	for _, k := range n {
		sum += k * k
	}
	return sum
}

// TestLargeClusters holds larger clusters to the closed form of the fewest moves when workers come or go and nothing is
// forced: who has more than its share gives up what is above.
func TestLargeClusters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := plan.Input{Workers: workers(rapid.IntRange(1, 30).Draw(t, "workers")), Previous: map[rows.Task]string{}}
		for i := range rapid.IntRange(1, 30).Draw(t, "connectors") {
			in.Tasks = append(in.Tasks, tasks(fmt.Sprint("c", i), rapid.IntRange(1, 15).Draw(t, "tasks"))...)
		}
		for range 3 {
			in.Workers = workers(rapid.IntRange(1, 30).Draw(t, "workers then"))
			had := counts(in.Previous)
			moves := plan.Assign(in)
			even(t, in, after(in, moves))
			share, over := len(in.Tasks)/len(in.Workers), len(in.Tasks)%len(in.Workers)
			want := len(in.Tasks)
			for _, w := range in.Workers {
				want -= min(had[w], share)
				if had[w] > share && over > 0 {
					want--
					over--
				}
			}
			if len(moves) != want {
				t.Fatalf("%d moves, want %d", len(moves), want)
			}
			in.Previous = after(in, moves)
		}
	})
}
