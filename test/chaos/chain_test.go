package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/test/checker"
)

const (
	// chainEach is how many strikes a chained world gets.
	chainEach = 12
	// fewLanes are claimed by whoever comes, for certain: it is the third.
	fewLanes = 4
)

// TestChain strikes at the members of a chained connector, an eighth as often as -cycles says: parents, lanes and the group
// that spreads these.
func TestChain(t *testing.T) {
	n := *cycles / 8
	if testing.Short() {
		n = min(n, 4)
	}
	first, all, began := firstSeed(), &outcome{kinds: map[string]int{}, counts: map[string]int{}}, time.Now()
	t.Cleanup(func() {
		fmt.Printf("chaos-chain: seed %d, embedded broker, %s, in %s; again: go test -tags proof ./test/chaos -run 'TestChain$' -cycles %d -seed %d\n",
			first, all.chainLine(), time.Since(began).Round(time.Second), *cycles, first)
	})
	for i := 0; n-i*chainEach > 0; i++ {
		s, k := first+uint64(i), min(chainEach, n-i*chainEach)
		t.Run(fmt.Sprintf("seed-%d", s), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { chainStorm(t, s, k, all) })
		})
	}
}

func (o *outcome) chainLine() string {
	text, _, _ := strings.Cut(o.line(), "), ")
	return text + "), " + chainLine(checker.Report{Records: o.records, Offsets: o.offsets, Counts: o.counts})
}

// chainStorm is one world and its n strikes.
func chainStorm(t *testing.T, seed uint64, n int, all *outcome) {
	old := seed/3%2 == 1
	w := enterChain(t, chainSettings{seed: seed, faults: 0.02, old: old, brokers: 1 + 2*int(seed%2)})
	rng := rand.New(rand.NewPCG(seed, 1))
	newest := w.join()
	var plan []strike
	err := w.awaitProgress(w.watch.visible())
	for i := 0; i < n && err == nil; i++ {
		s := draw(rng, old)
		if s.step == "claim" || s.step == "list" {
			s.n = min(s.n, fewLanes)
		}
		plan = append(plan, s)
		t.Logf("%s %s", time.Now().Format("04:05.000"), s)
		newest, err = w.cycle(s, newest)
	}
	report, late := w.finish(100, 5*time.Minute)
	all.add(report, plan)
	if err == nil {
		err = late
	}
	if err != nil || !report.OK() {
		t.Errorf("seed %d: %v\n%s\n%s", seed, err, chainLine(report), strings.Join(report.Findings, "\n"))
	}
}
