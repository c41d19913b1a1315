package plan_test

import (
	"pgregory.net/rapid"

	"github.com/headwater/headwater/coordinator/plan"
	"github.com/headwater/headwater/coordinator/rows"
)

func usable(w float64, ok bool) bool { return ok && w >= 0 && w <= 1e100 }

// weighs reports whether there is any weight to go by.
func weighs(in plan.Input) bool {
	sum := 0.0
	for _, w := range weights(in) {
		sum += w
	}
	return sum >= 1e-100 // false without any usable weight, too: the average is no number then
}

// byWeight holds a plan to the documented bounds: loads are within a quarter of the average load, or no free task fits
// into the gap, or the lighter worker may have no more; counts stay within twice the average, save what is forced.
func byWeight(t *rapid.T, in plan.Input, end map[rows.Task]string) {
	weight := weights(in)
	load := map[string]float64{}
	total := 0.0
	for task, worker := range end {
		load[worker] += weight[task]
		total += weight[task]
	}
	all, free := tally(in, end)
	most := 2 * ((len(in.Tasks) + len(in.Workers) - 1) / len(in.Workers))
	for i, heavy := range in.Workers {
		if all[i] > most && free[i] > 0 {
			t.Fatalf("%s has %d tasks, of them %d free, and may have %d", heavy, all[i], free[i], most)
		}
		for j, light := range in.Workers {
			gap := load[heavy] - load[light]
			if gap <= 0.2501*total/float64(len(in.Workers)) || all[j] >= most {
				continue
			}
			for task, worker := range end {
				if w := weight[task]; worker == heavy && forced(in, task) == "" && w > 0.0501*gap && w < 0.9499*gap {
					t.Fatalf("%s (%g) fits into the gap between %s (%g) and %s (%g)", task, w, heavy, load[heavy], light, load[light])
				}
			}
		}
	}
}

// weights gives those tasks the average that have no usable weight.
func weights(in plan.Input) map[rows.Task]float64 {
	all := map[rows.Task]float64{}
	sum, n := 0.0, 0.0
	for _, task := range in.Tasks {
		if w, ok := in.Weights[task]; usable(w, ok) {
			all[task] = w
			sum, n = sum+w, n+1
		}
	}
	for _, task := range in.Tasks {
		if _, ok := all[task]; !ok {
			all[task] = sum / n
		}
	}
	return all
}
