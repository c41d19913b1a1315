package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/headwater/headwater/chaining"
)

// itemMeasure is one thing to compare; aim is about the median ratios, 0: there is none.
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

// itemTable shows for each number of items medians over the rounds and the median ratios of the worker to the others.
func itemTable(p plan, results map[key][]itemResult) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, n := range p.items {
		of := map[contender][]itemResult{}
		for _, who := range contenders {
			of[who] = results[key{n, who}]
		}
		if len(of[worker]) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%d items\tbare\tloop\tqueue\tworker\tto bare\tto loop\tto queue\taim\n", n)
		for _, m := range itemMeasures {
			fmt.Fprintln(w, m.line(of))
		}
	}
	_ = w.Flush() // into memory
	fmt.Fprintf(&b, "\n%d record(s) of 958 bytes an item, %d requests in flight, request.interval.ms=0, one partition, acks=all; medians.\n"+
		"bare: GET and produce, idempotent, no transaction, no progress, acknowledged some time. loop: the same, but an item's\n"+
		"records are acknowledged before the next item. queue: the least program with a work queue, exactly once.\n"+
		"From the first parent to the last child record; start not included.\n",
		p.per, chaining.Lanes*p.inFlight)
	return b.String()
}

func (m itemMeasure) line(of map[contender][]itemResult) string {
	cells := []string{m.name}
	for _, who := range contenders {
		cells = append(cells, cell(m.format, m.values(of[who])))
	}
	ours := m.values(of[worker])
	for _, who := range contenders[:len(contenders)-1] {
		cells = append(cells, cell("%.2f", ratios(ours, m.values(of[who]))))
	}
	verdict := ""
	for _, who := range []contender{yardstick, loop} {
		if r := ratios(ours, m.values(of[who])); m.aim > 0 && len(r) > 0 {
			verdict += fmt.Sprintf("at most %.1fx of %s: %s  ", m.aim, who, map[bool]string{true: "met", false: "MISSED"}[median(r) <= m.aim])
		}
	}
	return strings.Join(append(cells, strings.TrimSpace(verdict)), "\t")
}

// cell is the median of what was measured; empty when nothing was.
func cell(format string, values []float64) string {
	if len(values) == 0 {
		return ""
	}
	return fmt.Sprintf(format, median(values))
}

func (m itemMeasure) values(of []itemResult) (values []float64) {
	for _, r := range of {
		values = append(values, m.value(r))
	}
	return values
}

// ratios are those of each round: rounds differ by what else the machine does.
func ratios(of, to []float64) (out []float64) {
	for i := range min(len(of), len(to)) {
		out = append(out, of[i]/to[i])
	}
	return out
}
