package checker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is the verdict on a run.
type Report struct {
	Records, Offsets int            // different records, and stored offsets, that were read
	Counts           map[string]int // by check, how often it failed
	Findings         []string       // the first few of each check
	Longest          time.Duration  // that a transaction was seen open; zero when none was looked at
}

// OK reports whether no check failed.
func (r Report) OK() bool { return len(r.Counts) == 0 }

// Failed lists the checks that failed, in order.
func (r Report) Failed() []string { return slices.Sorted(maps.Keys(r.Counts)) }

// Line is the report on one line.
func (r Report) Line() string {
	verdict := "PASS"
	if !r.OK() {
		verdict = "FAIL (" + strings.Join(r.Failed(), " ") + ")"
	}
	return fmt.Sprintf("records %d, offsets %d, lost %d, doubled %d, offsets back %d, torn %d, late %d, longest open %s: %s",
		r.Records, r.Offsets, r.Counts[Lost], r.Counts[Double], r.Counts[Back], r.Counts[Torn], r.Counts[Behind],
		r.Longest.Round(time.Millisecond), verdict)
}
