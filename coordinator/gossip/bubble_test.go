package gossip_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/gossip/ether"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// bubble starts n workers on a network in memory; all but the first join it.
func bubble(t *testing.T, n int) (*ether.Network, []*gossip.Gossip) {
	t.Helper()
	network := ether.New()
	all := cluster(t, n, func(_ int, c *gossip.Config) { c.Transport = network.Transport() })
	return network, all
}

func addrs(all []*gossip.Gossip) (out []string) {
	for _, g := range all {
		out = append(out, g.Addr())
	}
	return out
}

// each calls f for every pair across the split of the first k and the rest.
func each(all []*gossip.Gossip, k int, f func(a, b string)) {
	for _, a := range all[:k] {
		for _, b := range all[k:] {
			f(a.Addr(), b.Addr())
		}
	}
}

func TestHowLongADeathTakes(t *testing.T) {
	var sum, worst time.Duration
	const runs = 20
	for range runs {
		synctest.Test(t, func(t *testing.T) {
			_, all := bubble(t, 5)
			time.Sleep(10 * time.Second)
			begin := time.Now()
			all[4].Close()
			await(t, all[0], 10*time.Second, "w4 is dead", func() bool { return all[0].State("w4", "i") == gossip.Dead })
			took := time.Since(begin)
			sum, worst = sum+took, max(worst, took)
		})
	}
	t.Logf("%v on average, %v at worst, of %d", sum/runs, worst, runs)
	if sum/runs > 2800*time.Millisecond || worst > 5*time.Second {
		t.Errorf("a death takes %v on average, %v at worst", sum/runs, worst)
	}
}

// TestSplitsHeal splits for longer than the dead are talked to as well: only joining again heals that.
func TestSplitsHeal(t *testing.T) {
	for _, length := range []time.Duration{5 * time.Second, 20 * time.Second, 2 * time.Minute, 10 * time.Minute} {
		t.Run(length.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network, all := bubble(t, 5)
				done := make(chan struct{})
				defer close(done)
				go func() {
					for tick := time.NewTicker(time.Second); ; {
						select {
						case <-tick.C:
							for _, g := range all {
								g.Join(addrs(all))
							}
						case <-done:
							tick.Stop()
							return
						}
					}
				}()
				each(all, 2, network.Cut)
				time.Sleep(length)
				if length > 10*time.Second && (alive(all[0]) != 2 || alive(all[4]) != 3) {
					t.Errorf("while split: %s and %s", list(all[0]), list(all[4]))
				}
				each(all, 2, network.Heal)
				begin := time.Now()
				for _, g := range all {
					await(t, g, 30*time.Second, "all are alive again", func() bool { return alive(g) == 5 })
				}
				t.Logf("healed after %v", time.Since(begin))
			})
		})
	}
}

// TestOneBrokenWireKillsNobody: the others still reach both ends.
func TestOneBrokenWireKillsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, all := bubble(t, 5)
		network.Cut(all[0].Addr(), all[1].Addr())
		for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
			for _, g := range all {
				for i := range all {
					if s := g.State(fmt.Sprintf("w%d", i), "i"); s == gossip.Dead {
						t.Fatalf("w%d is %s at %s", i, s, g.Addr())
					}
				}
			}
		}
	})
}

func TestTheDeadAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, all := bubble(t, 3)
		all[1].Close()
		if err := all[2].Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		all[2].Close()
		time.Sleep(4 * time.Minute)
		if list(all[0]) != "w0/i=alive w1/i=dead w2/i=left " {
			t.Errorf("after four minutes: %s", list(all[0]))
		}
		time.Sleep(2 * time.Minute)
		if list(all[0]) != "w0/i=alive " {
			t.Errorf("after six minutes: %s", list(all[0]))
		}
	})
}

func TestASuspectIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, all := bubble(t, 2)
		all[1].Close()
		await(t, all[0], 3*time.Second, "w1 is suspect", func() bool { return all[0].State("w1", "i") == gossip.Suspect })
		await(t, all[0], 3*time.Second, "w1 is dead", func() bool { return all[0].State("w1", "i") == gossip.Dead })
	})
}

func TestTellingADeafWorkerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, all := bubble(t, 2)
		network.Cut(all[0].Addr(), all[1].Addr())
		begin := time.Now()
		if err := all[0].Tell("w1", &headwaterv1.Released{}); err == nil {
			t.Error("it was told")
		}
		if d := time.Since(begin); d > 1100*time.Millisecond {
			t.Errorf("it took %v", d)
		}
	})
}

func TestJoiningTheDeafDoesNotBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := ether.New()
		c := config("w0", "i")
		c.Transport = network.Transport()
		g := start(t, c)
		far := []string{"", "no address", "a/b:1", g.Addr()}
		for i := range 50 {
			a := fmt.Sprintf("10.9.9.%d:1", i)
			network.Cut(g.Addr(), a)
			far = append(far, a)
		}
		begin := time.Now()
		for range 100 {
			g.Join(far)
		}
		if d := time.Since(begin); d != 0 {
			t.Errorf("it took %v", d)
		}
		time.Sleep(time.Minute)
		begin = time.Now()
		g.Join(far)
		time.Sleep(time.Millisecond)
		g.Close()
		if d := time.Since(begin); d > 2*time.Second {
			t.Errorf("closing took %v", d)
		}
	})
}
