package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/headwater/headwater/test/kafka"
)

// measureOf is one thing to compare.
type measureOf struct {
	name   string
	value  func(result) float64
	format string
	// target tells whether the worker's value and its median ratio to the bare program's meet the project's aim for
	// pages of that size; nil: no aim.
	target func(size int, value, ratio float64) (met bool, aim string)
}

// measures are the table's lines. The aims are those of the project: docs and closing notes quote them.
var measures = []measureOf{
	{"records/s", func(r result) float64 { return r.perSecond }, "%.0f", func(_ int, _, ratio float64) (bool, string) {
		return ratio >= 0.5, "at least half"
	}},
	{"CPU us a record", func(r result) float64 { return micros(r.program) }, "%.2f", func(size int, _, ratio float64) (bool, string) {
		if size >= 1000 {
			return ratio <= 1.5, "at most 1.5x"
		}
		return ratio <= 2, "at most 2x"
	}},
	{"CPU, start included", func(r result) float64 { return micros(r.whole) }, "%.2f", nil},
	{"broker's CPU us a record", func(r result) float64 { return micros(r.broker) }, "%.2f", nil},
	{"resident MiB, peak", func(r result) float64 { return float64(r.memory) / (1 << 20) }, "%.0f", func(_ int, value, _ float64) (bool, string) {
		return value < 64, "under 64 MiB"
	}},
	{"first record after ms", func(r result) float64 { return float64(r.first.Milliseconds()) }, "%.0f", func(_ int, value, _ float64) (bool, string) {
		return value <= 2000, "within 2 s"
	}},
}

// table shows medians over the rounds, and the ratio worker to bare of each round: least, median, greatest.
func table(p plan, results map[key][]result) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, size := range p.sizes {
		fmt.Fprintf(w, "\npages of %d\tbare\tworker\tratio: min\tmedian\tmax\taim\n", size)
		for _, m := range measures {
			fmt.Fprintln(w, line(m, size, results[key{size, yardstick}], results[key{size, worker}]))
		}
	}
	_ = w.Flush() // into memory
	fmt.Fprintf(&b, "\n%d rounds of %d records of 958 bytes, one partition, acks=all; medians; steady state from %.0f %% to %.0f %% of the records\n",
		p.rounds, p.records, steadyFrom*100, steadyTo*100)
	if p.control {
		b.WriteString("CONTROL RUN: \"worker\" is the bare program too\n")
	}
	return b.String()
}

func line(m measureOf, size int, bare, worker []result) string {
	var ours, theirs, ratios []float64
	for i := range worker {
		ours, theirs = append(ours, m.value(worker[i])), append(theirs, m.value(bare[i]))
		ratios = append(ratios, m.value(worker[i])/m.value(bare[i]))
	}
	verdict := ""
	if m.target != nil {
		met, aim := m.target(size, median(ours), median(ratios))
		verdict = aim + map[bool]string{true: ": met", false: ": MISSED"}[met]
	}
	return fmt.Sprintf("%s\t"+m.format+"\t"+m.format+"\t%.2f\t%.2f\t%.2f\t%s",
		m.name, median(theirs), median(ours), slices.Min(ratios), median(ratios), slices.Max(ratios), verdict)
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// machine is the line that says where the figures come from.
func machine() string {
	cpu := "unknown CPU"
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for l := range strings.Lines(string(raw)) {
			if name, ok := strings.CutPrefix(l, "model name"); ok {
				cpu = strings.TrimSpace(strings.TrimLeft(name, "\t: "))
				break
			}
		}
	}
	return fmt.Sprintf("%s: %d x %s, %s, franz-go %s, Apache Kafka %s (transaction.version=2, one broker, loopback)",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), cpu, runtime.Version(), franz(), kafka.Version)
}

func franz() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/twmb/franz-go" {
				return d.Version
			}
		}
	}
	return "?"
}
