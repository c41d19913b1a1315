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

// itemTable shows for each number of items medians over the rounds and the median ratio worker to bare.
func itemTable(p plan, results map[key][]itemResult) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, n := range p.items {
		theirs, ours := results[key{n, yardstick}], results[key{n, worker}]
		if len(ours) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%d items\tbare\tworker\tratio\taim\n", n)
		for _, m := range itemMeasures {
			fmt.Fprintln(w, m.line(theirs, ours))
		}
	}
	_ = w.Flush() // into memory
	fmt.Fprintf(&b, "\n%d record(s) of 958 bytes an item, %d requests in flight, request.interval.ms=0, one partition, acks=all; medians.\n"+
		"bare: GET and produce, idempotent, no transaction, no progress. From the first parent to the last child record; start not included.\n",
		p.per, chaining.Lanes*p.inFlight)
	return b.String()
}

func (m itemMeasure) line(bare, worker []itemResult) string {
	var ours, theirs, ratios []float64
	for i := range worker {
		ours = append(ours, m.value(worker[i]))
		if i < len(bare) {
			theirs, ratios = append(theirs, m.value(bare[i])), append(ratios, m.value(worker[i])/m.value(bare[i]))
		}
	}
	if len(ratios) == 0 {
		return fmt.Sprintf("%s\t\t"+m.format+"\t\t", m.name, median(ours))
	}
	verdict := ""
	if m.aim > 0 {
		verdict = fmt.Sprintf("at most %.1fx: %s", m.aim, map[bool]string{true: "met", false: "MISSED"}[median(ratios) <= m.aim])
	}
	return fmt.Sprintf("%s\t"+m.format+"\t"+m.format+"\t%.2f\t%s", m.name, median(theirs), median(ours), median(ratios), verdict)
}
