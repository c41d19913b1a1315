package plan

import (
	"cmp"
	"slices"

	"github.com/headwater/headwater/coordinator/rows"
)

// nowhere is the place of a task that no willing worker has.
const nowhere = -1

// table is a plan in the making. Tasks, workers and connectors are numbers in it: their places in the sorted lists.
type table struct {
	tasks     []rows.Task
	workers   []string // living and willing
	leaving   []string
	connector []int    // of each task
	previous  []string // who had each task
	home      []int    // the same as a willing worker, or nowhere
	at        []int    // who gets each task
	forced    []string // reason why a task must be where it is; empty: it is free
	count     []int    // tasks of each worker
	fixed     []int    // forced ones among them
	same      [][]int  // tasks by connector and worker
}

// newTable puts the tasks where they are forced to be, or else where they are.
func newTable(in Input) *table {
	t := &table{tasks: sorted(in.Tasks, rows.Task.Compare), leaving: in.Leaving}
	t.workers = slices.DeleteFunc(sorted(in.Workers, cmp.Compare[string]), func(w string) bool {
		return w == "" || slices.Contains(in.Leaving, w) // "" stands for nobody
	})
	t.count, t.fixed = make([]int, len(t.workers)), make([]int, len(t.workers))
	number := map[string]int{}
	for w, name := range t.workers {
		number[name] = w
	}
	find := func(name string) int {
		if w, ok := number[name]; ok {
			return w
		}
		return nowhere
	}
	for i, task := range t.tasks {
		t.numberConnector(i)
		t.previous = append(t.previous, in.Previous[task])
		t.home = append(t.home, find(in.Previous[task]))
		t.at = append(t.at, nowhere)
		t.forced = append(t.forced, "")
		t.start(i, find(in.Pins[task]), find(in.Wishes[task]))
	}
	return t
}

// start gives task i its first place.
func (t *table) start(i, pin, wish int) {
	place := t.home[i]
	switch {
	case pin != nowhere:
		place, t.forced[i] = pin, "pinned"
	case wish != nowhere:
		place, t.forced[i] = wish, "moved by hand"
	}
	if place == nowhere {
		return
	}
	t.put(i, place)
	if t.forced[i] != "" {
		t.fixed[place]++
	}
}

// numberConnector relies on the order of tasks: those of a connector follow each other.
func (t *table) numberConnector(i int) {
	if i == 0 || t.tasks[i].Connector != t.tasks[i-1].Connector {
		t.same = append(t.same, make([]int, len(t.workers)))
	}
	t.connector = append(t.connector, len(t.same)-1)
}

func (t *table) put(i, w int) {
	t.at[i] = w
	t.count[w]++
	t.same[t.connector[i]][w]++
}

// take leaves task i without a place.
func (t *table) take(i int) {
	w := t.at[i]
	t.at[i] = nowhere
	t.count[w]--
	t.same[t.connector[i]][w]--
}

// free reports whether nothing forces task i to be where it is.
func (t *table) free(i int) bool { return t.forced[i] == "" }

// moved reports whether task i changes workers by this plan's choice, so that another place costs no extra move.
func (t *table) moved(i int) bool { return t.free(i) && t.at[i] != t.home[i] }

// spare returns how many of a worker's tasks are free.
func (t *table) spare(w int) int { return t.count[w] - t.fixed[w] }

// freeOf lists the free tasks of worker w, in order.
func (t *table) freeOf(w int) []int {
	var list []int
	for i := range t.tasks {
		if t.at[i] == w && t.free(i) {
			list = append(list, i)
		}
	}
	return list
}

// choose returns the first worker that better prefers to all others among those allowed, nowhere if there is none.
func (t *table) choose(allowed func(w int) bool, better func(w, than int) bool) int {
	best := nowhere
	for w := range t.workers {
		if allowed(w) && (best == nowhere || better(w, best)) {
			best = w
		}
	}
	return best
}

// sorted returns a sorted copy in which nothing is twice.
func sorted[T comparable](list []T, compare func(a, b T) int) []T {
	list = slices.Clone(list)
	slices.SortFunc(list, compare)
	return slices.Compact(list)
}
