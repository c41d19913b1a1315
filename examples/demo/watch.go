package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// watch is what was seen of everything, tick by tick.
type watch struct {
	rows   []row
	status []string        // of each connector
	past   []moment        // of the last two seconds, for the rates
	shown  map[string]bool // topics of which the first record was shown
	caught bool            // the backlog is read
	kills  int
	// What trickle returned last, and when.
	newest   *kgo.Record
	trickled time.Time
	// since is when the topics came to hold all there is; zero while they do not.
	since time.Time
}

// moment is how many records each topic had at a time.
type moment struct {
	at     time.Time
	topics map[string]standing
}

// look asks everybody. Whoever does not answer keeps the last answer: the worker is still starting, or has been killed.
func (w *watch) look(ctx context.Context, now time.Time, all []source, q *inquirer, t *tally) {
	w.past = append(w.past, moment{at: now, topics: t.standings()})
	if len(w.past) > int(2*time.Second/tick) {
		w.past = w.past[1:]
	}
	w.status = slices.Grow(w.status, len(all))[:len(all)]
	n := 0
	for i, s := range all {
		if status, err := q.status(ctx, s.name); err == nil {
			w.status[i] = status
		}
		stands := q.stands(ctx, s)
		for _, a := range s.apis {
			if n == len(w.rows) {
				w.rows = append(w.rows, row{topic: a.topic})
			}
			w.lookAt(ctx, &w.rows[n], a, q)
			w.rows[n].stands = cmp.Or(stands[a.n], w.rows[n].stands)
			n++
		}
	}
	switch {
	case !w.complete():
		w.since = time.Time{}
	case w.since.IsZero():
		w.since = now
	}
}

func (w *watch) lookAt(ctx context.Context, r *row, a api, q *inquirer) {
	r.rate, r.standing = w.rate(a.topic), w.past[len(w.past)-1].topics[a.topic]
	if total, err := q.total(ctx, a); err == nil {
		r.held = total
	}
}

// settled reports whether the topics have held all there is for a while, in which every API, and every zone's, was asked
// again.
func (w *watch) settled(now time.Time) bool {
	return !w.since.IsZero() && now.Sub(w.since) >= 4*time.Second
}

func (w *watch) rate(topic string) float64 {
	first, last := w.past[0], w.past[len(w.past)-1]
	seconds := last.at.Sub(first.at).Seconds()
	if seconds == 0 {
		return 0
	}
	return float64(last.topics[topic].records-first.topics[topic].records) / seconds
}

func (w *watch) sum() int {
	n := 0
	for _, r := range w.rows {
		n += r.records
	}
	return n
}

// complete reports whether every topic has as many distinct records as its API holds.
func (w *watch) complete() bool {
	for _, r := range w.rows {
		if r.distinct < r.held || r.held == 0 {
			return false
		}
	}
	return len(w.rows) > 0
}

// debut returns the first record of a topic once, as soon as it is there; else nil.
func (w *watch) debut(topic string, first *kgo.Record) *kgo.Record {
	if first == nil || w.shown[topic] {
		return nil
	}
	if w.shown == nil {
		w.shown = map[string]bool{}
	}
	w.shown[topic] = true
	return first
}

// trickle returns a record that came in after the backlog, every two seconds at most; nil when there is none.
func (w *watch) trickle(now time.Time, last *kgo.Record) *kgo.Record {
	if !w.caught || last == nil || last == w.newest || now.Sub(w.trickled) < 2*time.Second {
		return nil
	}
	w.trickled, w.newest = now, last
	return last
}
