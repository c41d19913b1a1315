// Package chaos strikes where it hurts: the product's own parts run in one process on virtual time, against Kafka's fake
// and a simulated API, and at the n-th Produce, EndTxn, InitProducerID or HTTP request a member is killed, cut off, held
// still while a successor takes over, or refused. A cycle is one strike and the recovery from it.
//
//	go test -tags proof ./test/chaos -run TestChaos -cycles 500 -seed 7
//
// A seed fixes the plan of strikes, not the schedule of goroutines: a run prints its plan when it fails, and many seeds
// are worth more than one. TestChain strikes in the same way at the parents and lanes of a chained connector. TestTeeth and
// TestChainTeeth (tag proof) break the rules of exactly once on purpose, one at a time, and want each caught by its named
// check.
package chaos

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/test/checker"
	"github.com/headwater/headwater/test/simapi"
)

var (
	cycles = flag.Int("cycles", 500, "how many strikes in all")
	seed   = flag.Uint64("seed", 0, "seed of the first world; 0: a new one")
	each   = flag.Int("each", 25, "strikes in one world")
)

// firstSeed is the seed given, or a new one.
func firstSeed() uint64 {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano() % 1e6)
	}
	return *seed
}

// outcome adds up the worlds.
type outcome struct {
	mu      sync.Mutex
	cycles  int
	records int
	offsets int
	kinds   map[string]int
	counts  map[string]int
}

func (o *outcome) add(r checker.Report, plan []strike) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cycles += len(plan)
	o.records += r.Records
	o.offsets += r.Offsets
	for _, s := range plan {
		o.kinds[s.how]++
	}
	for k, n := range r.Counts {
		o.counts[k] += n
	}
}

func (o *outcome) line() string {
	var struck []string
	for _, k := range slices.Sorted(maps.Keys(o.kinds)) {
		struck = append(struck, fmt.Sprintf("%s %d", k, o.kinds[k]))
	}
	r := checker.Report{Records: o.records, Offsets: o.offsets, Counts: o.counts}
	return fmt.Sprintf("%d cycles (%s), %s", o.cycles, strings.Join(struck, ", "), r.Line())
}

func TestChaos(t *testing.T) {
	n := *cycles
	if testing.Short() {
		n = min(n, 10)
	}
	first, all, began := firstSeed(), &outcome{kinds: map[string]int{}, counts: map[string]int{}}, time.Now()
	t.Cleanup(func() {
		fmt.Printf("chaos: seed %d, embedded broker, %s, in %s; again: go test -tags proof ./test/chaos -run TestChaos -cycles %d -seed %d -each %d\n",
			first, all.line(), time.Since(began).Round(time.Second), n, first, *each)
	})
	for i := uint64(0); n-int(i)**each > 0; i++ {
		s, k := first+i, min(*each, n-int(i)**each)
		t.Run(fmt.Sprintf("seed-%d", s), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { storm(t, s, k, all) })
		})
	}
}

// five are the modes of the world with this seed: three worlds one after the other have them all.
func five(seed uint64) []string {
	all := simapi.Modes()
	first := int(seed%3) * 5
	return all[first : first+5]
}

// storm is one world and its n strikes.
func storm(t *testing.T, seed uint64, n int, all *outcome) {
	old := seed/3%2 == 1
	w := enter(t, settings{
		seed: seed, modes: five(seed), faults: 0.02, old: old, brokers: 1 + 2*int(seed%2),
		growth: simapi.Growth{Backlog: 30, PerRequest: 3, Total: 5000},
	})
	rng := rand.New(rand.NewPCG(seed, 1))
	newest := w.join()
	var plan []strike
	err := w.awaitProgress(w.visible())
	for i := 0; i < n && err == nil; i++ {
		s := draw(rng, old)
		plan = append(plan, s)
		newest, err = w.cycle(s, newest)
	}
	report, late := w.finish(50, 5*time.Minute)
	all.add(report, plan)
	if err == nil {
		err = late
	}
	if err != nil || !report.OK() {
		t.Errorf("seed %d: %v\n%s\n%s\nplan:", seed, err, report.Line(), strings.Join(report.Findings, "\n"))
		for i, s := range plan {
			t.Logf("%3d %s", i+1, s)
		}
	}
}
