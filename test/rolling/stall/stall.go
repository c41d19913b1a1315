// Package stall measures how long an API was not asked when it should have been, and draws it. It knows nothing of
// workers: it is given the times of requests, and what moved when.
package stall

import (
	"fmt"
	"slices"
	"time"
)

// Gap is the time between two requests of one API.
type Gap struct {
	API      int           // index of the API
	From, To time.Duration // of the two requests, since the measurement began
	Stall    time.Duration // what the gap has beyond the interval between requests; never below zero
	Moved    bool          // the API changed hands in a window that the gap touches
}

// Gaps lists the gaps of one API between the beginning and end of a measurement. asked are the times of its requests in
// order. An API that is not asked any more, or not asked at all, has a gap to the end: silence does not look like speed.
func Gaps(api int, asked []time.Duration, interval, end time.Duration) []Gap {
	var out []Gap
	last := time.Duration(0)
	for _, at := range append(slices.Clone(asked), end) {
		if at <= last || at > end {
			continue
		}
		out = append(out, Gap{API: api, From: last, To: at, Stall: max(0, at-last-interval)})
		last = at
	}
	return out
}

// Window is a time in which something was done to the cluster.
type Window struct {
	From, To time.Duration
	Label    string       // what was done
	Moved    map[int]bool // APIs that changed hands in it
}

// Mark notes in each gap whether its API was moved in a window that the gap touches.
func Mark(gaps []Gap, windows []Window) {
	for i := range gaps {
		g := &gaps[i]
		for _, w := range windows {
			if g.From < w.To && g.To > w.From && w.Moved[g.API] {
				g.Moved = true
			}
		}
	}
}

// Figures sum up stalls.
type Figures struct {
	N                   int
	P50, P99, P999, Max time.Duration
}

// Measure sums up the gaps that keep chooses; a nil keep chooses all.
func Measure(gaps []Gap, keep func(Gap) bool) Figures {
	var all []time.Duration
	for _, g := range gaps {
		if keep == nil || keep(g) {
			all = append(all, g.Stall)
		}
	}
	if len(all) == 0 {
		return Figures{}
	}
	slices.Sort(all)
	at := func(share float64) time.Duration { return all[min(len(all)-1, int(share*float64(len(all))))] }
	return Figures{N: len(all), P50: at(0.5), P99: at(0.99), P999: at(0.999), Max: all[len(all)-1]}
}

// Moved and Unmoved choose gaps for Measure.
func Moved(g Gap) bool { return g.Moved }

// Unmoved is the opposite of Moved.
func Unmoved(g Gap) bool { return !g.Moved }

// String is the figures on one line: p50/p99/p99.9/max in milliseconds.
func (f Figures) String() string {
	return fmt.Sprintf("p50 %d p99 %d p99.9 %d max %d ms (%d)", f.P50.Milliseconds(), f.P99.Milliseconds(),
		f.P999.Milliseconds(), f.Max.Milliseconds(), f.N)
}
