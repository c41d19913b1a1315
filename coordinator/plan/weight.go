package plan

import (
	"cmp"
	"slices"

	"github.com/headwater/headwater/coordinator/rows"
)

const (
	// slack is how far two workers' loads may be apart, as a part of the average worker's. Below it a move is not worth
	// the pause.
	slack = 0.25
	// least is how much of the gap between two workers a task must weigh to be worth moving, and must leave.
	least = 0.05
	// crowd is how many times the average count a worker may be given.
	crowd = 2
	// heaviest is what a weight may be at most, and its inverse the least sum that is worth evening out, so that
	// sums stay finite and parts of them above 0.
	heaviest = 1e100
)

// scales hold a table's loads. Sums are always formed anew and in the order of tasks: the next plan, which starts from
// this one's outcome, must find the same to the last bit.
type scales struct {
	*table
	weight []float64 // of each task
	load   []float64 // of each worker
	apart  float64   // what two loads may be apart
	most   int       // tasks that a worker may be given
}

// weigh makes the loads even. Without any usable weight it does nothing and returns false.
func (t *table) weigh(weights map[rows.Task]float64) bool {
	s := &scales{table: t, load: make([]float64, len(t.workers))}
	total := s.measure(weights)
	if total < 1/heaviest {
		return false
	}
	s.apart = slack * total / float64(len(t.workers))
	s.most = crowd * ((len(t.tasks) + len(t.workers) - 1) / len(t.workers))
	s.thin()
	for w := range t.workers {
		s.sum(w)
	}
	s.fill()
	for range crowd * len(t.tasks) {
		if !s.improve() {
			break
		}
	}
	return true
}

// measure sets the weights of the tasks and returns their sum.
func (s *scales) measure(weights map[rows.Task]float64) (total float64) {
	known := 0
	for _, task := range s.tasks {
		if w, ok := weights[task]; ok && usable(w) {
			total += w
			known++
		}
	}
	if known == 0 {
		return 0
	}
	average := total / float64(known)
	for _, task := range s.tasks {
		w, ok := weights[task]
		if !ok || !usable(w) {
			w = average
		}
		s.weight = append(s.weight, w)
	}
	return average * float64(len(s.tasks))
}

// usable is false for what is no number, too.
func usable(weight float64) bool { return weight >= 0 && weight <= heaviest }

// thin takes the lightest tasks from workers that have more than they may.
func (s *scales) thin() {
	for w := range s.workers {
		free := s.freeOf(w)
		slices.SortStableFunc(free, func(i, j int) int { return cmp.Compare(s.weight[i], s.weight[j]) })
		for _, i := range free[:max(0, min(len(free), s.count[w]-s.most))] {
			s.take(i)
		}
	}
}

// fill places the tasks that nobody has, the heaviest first, each where the load is least.
func (s *scales) fill() {
	var homeless []int
	for i := range s.tasks {
		if s.at[i] == nowhere {
			homeless = append(homeless, i)
		}
	}
	slices.SortStableFunc(homeless, func(i, j int) int { return cmp.Compare(s.weight[j], s.weight[i]) })
	for _, i := range homeless {
		w := s.choose(s.open, func(w, than int) bool { return s.load[w] < s.load[than] })
		s.put(i, w)
		s.sum(w)
	}
}

func (s *scales) open(w int) bool { return s.count[w] < s.most }

func (s *scales) sum(w int) {
	s.load[w] = 0
	for i := range s.tasks {
		if s.at[i] == w {
			s.load[w] += s.weight[i]
		}
	}
}

// improve moves one task from the most to the least loaded worker, or between the next two where that is worth it, and
// returns false when there is nothing more to do.
func (s *scales) improve() bool {
	order := make([]int, len(s.workers))
	for w := range order {
		order[w] = w
	}
	slices.SortStableFunc(order, func(v, w int) int { return cmp.Compare(s.load[w], s.load[v]) })
	for _, heavy := range order {
		for _, light := range slices.Backward(order) {
			if s.load[heavy]-s.load[light] <= s.apart {
				break
			}
			if s.open(light) && s.relieve(heavy, light) {
				return true
			}
		}
	}
	return false
}

// relieve moves the task that comes nearest to closing the gap between two workers. A
// task that is nearly as heavy as the gap would only swap the two, a very light one is not worth it.
func (s *scales) relieve(heavy, light int) bool {
	gap := s.load[heavy] - s.load[light]
	best := nowhere
	for _, i := range s.freeOf(heavy) {
		fits := s.weight[i] >= least*gap && s.weight[i] <= (1-least)*gap
		if fits && (best == nowhere || off(s.weight[i], gap) < off(s.weight[best], gap)) {
			best = i
		}
	}
	if best == nowhere {
		return false
	}
	s.take(best)
	s.put(best, light)
	s.sum(heavy)
	s.sum(light)
	return true
}

// off is how far from even moving a weight would leave two workers.
func off(weight, gap float64) float64 { return max(gap-2*weight, 2*weight-gap) }
