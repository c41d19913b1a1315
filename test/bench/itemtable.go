package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/headwater/headwater/chaining"
)

// itemMeasure is one thing to compare; aim is about the median ratio, 0: there is none.
type itemMeasure struct {
	name   string
	value  func(itemResult) float64
	format string
	aim    float64
}

var itemMeasures = []itemMeasure{
	{"items/s", func(r itemResult) float64 { return r.perSecond }, "%.0f", 0},
	{"CPU us an item", func(r itemResult) float64 { return micros(r.program) }, "%.1f", 1.5},
	{"broker's CPU us an item", func(r itemResult) float64 { return micros(r.broker) }, "%.1f", 0},
	{"resident MiB, peak", func(r itemResult) float64 { return float64(r.memory) / (1 << 20) }, "%.0f", 0},
}

// itemTable shows for each number of items medians over the rounds and the median ratios of the worker to both others.
func itemTable(p plan, results map[key][]itemResult) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, n := range p.items {
		ours := results[key{n, worker}]
		if len(ours) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%d items\tbare\tqueue\tworker\tto bare\tto queue\taim\n", n)
		for _, m := range itemMeasures {
			fmt.Fprintln(w, m.line(results[key{n, yardstick}], results[key{n, floor}], ours))
		}
	}
	_ = w.Flush() // into memory
	fmt.Fprintf(&b, "\n%d record(s) of 958 bytes an item, %d requests in flight, request.interval.ms=0, one partition, acks=all; medians.\n"+
		"bare: GET and produce, idempotent, no transaction, no progress. queue: the least program with a work queue, exactly once.\n"+
		"From the first parent to the last child record; start not included.\n",
		p.per, chaining.Lanes*p.inFlight)
	return b.String()
}

func (m itemMeasure) line(bare, queue, worker []itemResult) string {
	ours := m.median(worker)
	if len(bare) == 0 {
		return fmt.Sprintf("%s\t\t\t"+m.format+"\t\t\t", m.name, ours)
	}
	toBare, toQueue := m.ratio(worker, bare), m.ratio(worker, queue)
	verdict := ""
	if m.aim > 0 {
		verdict = fmt.Sprintf("at most %.1fx of bare: %s", m.aim, map[bool]string{true: "met", false: "MISSED"}[toBare <= m.aim])
	}
	return fmt.Sprintf("%s\t"+m.format+"\t"+m.format+"\t"+m.format+"\t%.2f\t%.2f\t%s",
		m.name, m.median(bare), m.median(queue), ours, toBare, toQueue, verdict)
}

func (m itemMeasure) median(of []itemResult) float64 {
	values := make([]float64, len(of))
	for i, r := range of {
		values[i] = m.value(r)
	}
	return median(values)
}

// ratio is the median of the ratios round by round: rounds differ by what else the machine does.
func (m itemMeasure) ratio(of, to []itemResult) float64 {
	ratios := make([]float64, min(len(of), len(to)))
	for i := range ratios {
		ratios[i] = m.value(of[i]) / m.value(to[i])
	}
	return median(ratios)
}
