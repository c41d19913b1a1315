package load

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/headwater/headwater/coordinator/plan"
	"github.com/headwater/headwater/coordinator/rows"
)

func task(n int) rows.Task { return rows.Task{Connector: "c", N: n} }

// town is six tasks on two workers: the first three on a. It says what it does and follows the plan as a leader does.
type town struct {
	book  *Book
	in    plan.Input
	rates [6]float64
	now   time.Time
	moves int
}

func newTown(rates [6]float64) *town {
	w := &town{book: New(), rates: rates, now: time.Unix(1000, 0), in: plan.Input{Workers: []string{"a", "b"}, Previous: map[rows.Task]string{}}}
	for n := range rates {
		w.in.Tasks = append(w.in.Tasks, task(n))
		w.in.Previous[task(n)] = string("aaabbb"[n])
	}
	return w
}

// live lets time pass, a word and a pass every 15 s.
func (w *town) live(d time.Duration) {
	for until := w.now.Add(d); w.now.Before(until); w.now = w.now.Add(Every) {
		for n, r := range w.rates {
			if r >= 0 {
				w.book.Say(task(n), r, w.now)
			}
		}
		in := w.in
		w.book.Weigh(in, w.now)
		in.Weights = w.book.Weights()
		for _, m := range plan.Assign(in) {
			w.in.Previous[m.Task] = m.To
			w.moves++
		}
	}
}

func (w *town) String() (s string) {
	for n := range w.rates {
		s += w.in.Previous[task(n)]
	}
	return s
}

func TestLoadCountsOnlyWhenItIsUnevenForLong(t *testing.T) {
	for name, c := range map[string]struct {
		rates [6]float64
		after time.Duration
		want  string
		moves int
	}{
		"even":                      {[6]float64{10, 10, 10, 10, 10, 10}, time.Hour, "aaabbb", 0},
		"not twofold":               {[6]float64{19, 10, 10, 10, 10, 10}, time.Hour, "aaabbb", 0},
		"twofold, not long":         {[6]float64{100, 100, 100, 10, 10, 10}, 4 * time.Minute, "aaabbb", 0},
		"twofold":                   {[6]float64{100, 60, 60, 10, 10, 10}, time.Hour, "baabba", 2},
		"one heavy task stays":      {[6]float64{500, 10, 10, 10, 10, 10}, time.Hour, "aaabbb", 0},
		"hardly anything is done":   {[6]float64{0.5, 0, 0, 0, 0, 0}, time.Hour, "aaabbb", 0},
		"one has not said anything": {[6]float64{100, 100, 100, 1, 1, -1}, time.Hour, "aaabbb", 0},
		"no number":                 {[6]float64{math.NaN(), 100, 100, 1, 1, 1}, time.Hour, "aaabbb", 0},
	} {
		w := newTown(c.rates)
		if w.live(c.after); w.String() != c.want || w.moves != c.moves {
			t.Errorf("%s: %s after %d moves, want %s after %d", name, w, w.moves, c.want, c.moves)
		}
	}
}

// TestLoadThatEndsCountsNoMore: the counts are even again five minutes after the loads would be.
func TestLoadThatEndsCountsNoMore(t *testing.T) {
	w := newTown([6]float64{100, 60, 60, 10, 10, 10})
	w.live(10 * time.Minute)
	if w.moves == 0 || w.book.Weights() == nil {
		t.Fatal("the load does not count")
	}
	w.rates = [6]float64{10, 10, 10, 10, 10, 10}
	w.live(30 * time.Minute)
	counts := map[string]int{}
	for _, o := range w.in.Previous {
		counts[o]++
	}
	if fmt.Sprint(counts) != "map[a:3 b:3]" || w.book.Weights() != nil {
		t.Errorf("%s, weights %v", w, w.book.Weights())
	}
}

// TestLoadThatSwingsMovesNothing: what is heavy for a minute and light for the next is even in the long run.
func TestLoadThatSwingsMovesNothing(t *testing.T) {
	w := newTown([6]float64{10, 10, 10, 10, 10, 10})
	for i := range 60 {
		w.rates[0], w.rates[5] = 10, 60
		if i%2 == 0 {
			w.rates[0], w.rates[5] = 60, 10
		}
		w.live(time.Minute)
	}
	if w.moves != 0 {
		t.Errorf("%d moves", w.moves)
	}
}

// TestWhatNobodySaysAnyMoreIsForgotten, so that a task that is gone weighs nothing.
func TestWhatNobodySaysAnyMoreIsForgotten(t *testing.T) {
	w := newTown([6]float64{100, 60, 60, 10, 10, 10})
	w.live(10 * time.Minute)
	w.rates = [6]float64{-1, -1, -1, -1, -1, -1}
	w.live(10 * time.Minute)
	if len(w.book.rates) != 0 {
		t.Errorf("%v", w.book.rates)
	}
}
