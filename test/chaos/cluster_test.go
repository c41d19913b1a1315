package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/test/simapi"
)

// deeds is how many blows TestCluster deals when -cycles is not given: about a minute's worth.
const deeds = 140

// shapeOf is the fleet of a seed: all fifteen modes on three connectors, one of them with fewer tasks than APIs. Every
// fifth has no gossip.
func shapeOf(seed uint64) shape {
	all := simapi.Modes()
	return shape{
		seed: seed, modes: [][]string{all[:5], all[5:10], all[10:]}, tasksMax: map[int]int{1: 2}, faults: 0.01,
		growth: simapi.Growth{Backlog: 20, PerRequest: 2, Total: 4000}, brokers: 1 + 2*int(seed%2), parts: 3, silent: seed%5 == 4,
	}
}

// TestCluster strikes at a cluster of members and looks on:
//
//	go test -tags proof ./test/chaos -run TestCluster -cycles 200 -seed 7
func TestCluster(t *testing.T) {
	n, per := deeds, min(*each, 20)
	if *cycles != 500 {
		n = *cycles
	}
	if testing.Short() {
		n = min(n, 6)
	}
	first, all, began := firstSeed(), &outcome{kinds: map[string]int{}, counts: map[string]int{}}, time.Now()
	t.Cleanup(func() {
		fmt.Printf("chaos-cluster: seed %d, embedded broker, %s, in %s; again: go test -tags proof ./test/chaos -run 'TestCluster$' -cycles %d -seed %d -each %d\n",
			first, all.line(), time.Since(began).Round(time.Second), n, first, per)
	})
	for i := uint64(0); n-int(i)*per > 0; i++ {
		s, k := first+i, min(per, n-int(i)*per)
		t.Run(fmt.Sprintf("seed-%d", s), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { war(t, s, k, all) })
		})
	}
}

// war is one fleet and n blows at it.
func war(t *testing.T, seed uint64, n int, all *outcome) {
	f := muster(t, shapeOf(seed))
	rng := rand.New(rand.NewPCG(seed, 3))
	err := f.begin(3)
	var plan []string
	for i := 0; i < n && err == nil; i++ {
		b := f.drawBlow(rng)
		plan = append(plan, b.String())
		all.struck(b.how)
		err = f.deal(b)
	}
	report, late := f.finish(50, 5*time.Minute)
	all.add(report, nil)
	if err == nil {
		err = late
	}
	if err != nil || !report.OK() {
		t.Errorf("seed %d: %v\n%s\n%s\nplan:\n%s", seed, err, report.Line(), strings.Join(report.Findings, "\n"), strings.Join(plan, "\n"))
	}
	if verbose {
		t.Logf("latest poll after a death: %s; longest that readers were held back: %s", f.trail.lateMax, f.trail.stallMax)
	}
}

func (o *outcome) struck(how string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cycles++
	o.kinds[how]++
}

// begin starts members one after the other, makes the connectors and waits until all run.
func (f *fleet) begin(members int) error {
	for range members {
		n := f.join("")
		if err := f.await(time.Minute, "a member to come up", n.ready); err != nil {
			return err
		}
	}
	err := f.create()
	if err == nil {
		err = f.settle(members)
	}
	if err == nil {
		err = f.progress(f.visible())
	}
	f.trail.forgive()
	return err
}
