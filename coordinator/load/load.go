// Package load keeps what workers say their tasks do, and says when that is so uneven that it counts: when the records of
// one worker have been more than twice those of another for five minutes. Then the loads of that moment count, and no
// later ones, until they have been wrong for as long: a plan that followed every change would move tasks without end.
package load

import (
	"sync"
	"time"

	"github.com/headwater/headwater/coordinator/plan"
	"github.com/headwater/headwater/coordinator/rows"
)

const (
	// Every is how often a worker says what its tasks do.
	Every = 15 * time.Second
	// patience is how long what counts must have been wrong before it changes.
	patience = 5 * time.Minute
	// fresh is how long a word counts.
	fresh = 4 * Every
	// smooth is what a new word weighs against those before it.
	smooth = 0.25
	// idle is what a task weighs that commits nothing, in records a second: its requests cost something too.
	idle = 1
)

// Book is what the workers have said. It is safe for concurrent use.
type Book struct {
	mu      sync.Mutex
	rates   map[rows.Task]rate
	weights map[rows.Task]float64 // that count now; nil: none
	wrong   time.Time             // since when they do not fit; zero: they do
}

type rate struct {
	records float64 // a second
	said    time.Time
}

// New returns a book in which nobody has said anything.
func New() *Book { return &Book{rates: map[rows.Task]rate{}} }

// Say takes how many records a second a task commits.
func (b *Book) Say(t rows.Task, records float64, now time.Time) {
	if !(records >= 0 && records < 1e12) { // also what is no number
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if old, known := b.rates[t]; known {
		records = old.records + smooth*(records-old.records)
	}
	b.rates[t] = rate{records, now}
}

// Weights are those that count as of the latest Weigh; nil: all tasks are alike.
func (b *Book) Weights() map[rows.Task]float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.weights
}

// Weigh decides what counts from now on. in is what a plan would follow from, without weights.
func (b *Book) Weigh(in plan.Input, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for t, r := range b.rates {
		if now.Sub(r.said) > fresh {
			delete(b.rates, t)
		}
	}
	uneven := b.uneven(in.Previous, in)
	if !uneven && (b.weights == nil || b.uneven(level(in), in)) {
		b.wrong = time.Time{}
		return
	}
	if b.wrong.IsZero() {
		b.wrong = now
	}
	if now.Sub(b.wrong) < patience {
		return
	}
	b.weights, b.wrong = nil, time.Time{}
	if uneven {
		b.weights = map[rows.Task]float64{}
		for t, r := range b.rates {
			b.weights[t] = r.records + idle
		}
	}
}

// level is who would have what if all tasks were alike.
func level(in plan.Input) map[rows.Task]string {
	owners := map[rows.Task]string{}
	for t, w := range in.Previous {
		owners[t] = w
	}
	for _, m := range plan.Assign(in) {
		owners[m.Task] = m.To
	}
	return owners
}

// uneven reports whether one worker does more than twice what another does. It is not known, and so false, while a task
// has said nothing.
func (b *Book) uneven(owners map[rows.Task]string, in plan.Input) bool {
	sums := map[string]float64{}
	for _, w := range in.Workers {
		sums[w] = 0
	}
	for _, t := range in.Tasks {
		r, known := b.rates[t]
		if !known {
			return false
		}
		if _, willing := sums[owners[t]]; willing {
			sums[owners[t]] += r.records + idle
		}
	}
	least, most := 0.0, 0.0
	for i, w := range in.Workers {
		if s := sums[w]; i == 0 {
			least, most = s, s
		} else {
			least, most = min(least, s), max(most, s)
		}
	}
	return most > 2*least
}
