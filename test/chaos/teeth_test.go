//go:build proof

package chaos

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/test/checker"
	"github.com/headwater/headwater/test/simapi"
)

// tooth is a rule, the scenario in which its absence does harm, and the check that must see it.
type tooth struct {
	rule  string
	check string
	world settings
	play  func(scene) error
	// later leaves it to play to call plant: a bug that stops a member from starting would not show what it does to pages.
	later bool
}

// scene is a world in which a rule is to be broken.
type scene struct {
	*world
	plant func() // breaks it
}

// repeat is one strike again and again, at different requests unless it names one.
func repeat(times int, s strike) func(scene) error {
	return func(w scene) error {
		m := w.join()
		err := w.awaitProgress(w.visible())
		for i := 0; i < times && err == nil; i++ {
			each := s
			if each.n == 0 {
				each.n = 1 + (i*5+int(w.cfg.seed))%7
			}
			m, err = w.cycle(each, m)
		}
		return err
	}
}

// teeth has an entry for each rule that the product keeps (design rules R1 to R15, as far as they are built).
var teeth = []tooth{
	{rule: "R1-offset-apart", check: checker.Torn, play: repeat(12, strike{how: kill, step: "end"})},
	{rule: "R1-promise-ignored", check: checker.Lost, play: repeat(3, strike{how: refuse, step: "produce", err: kerr.MessageTooLarge, topic: simapi.TopicOf(name, 1)})},
	{rule: "R2", check: checker.Fence, play: repeat(4, strike{how: zombie, step: "end", before: true, hold: 3 * time.Second})},
	{rule: "R3", check: checker.Double, play: repeat(3, strike{how: delay, step: "claim", n: 2, hold: time.Second})},
	{rule: "R4", check: checker.Double, play: stranger},
	{rule: "R7", check: checker.Lost, play: repeat(8, strike{how: kill, step: "end", before: true})},
	{rule: "R9", check: checker.Open, world: settings{limit: 2 * time.Second}, play: repeat(0, strike{})},
	{rule: "R10", check: checker.Duel, world: settings{claims: 4}, play: duel},
	{rule: "R11", check: checker.Double, play: repeat(3, strike{how: partition, step: "end", hold: 25 * time.Second})},
	{rule: "R12", check: checker.Lost, play: repeat(3, strike{how: refuse, step: "produce", err: kerr.MessageTooLarge, topic: simapi.TopicOf(name, 1)})},
	{rule: "R14", check: checker.Lost, play: repeat(3, strike{how: refuse, step: "produce", err: kerr.UnknownServerError})},
	{rule: "R15", check: checker.Lost, world: settings{brokers: 3}, play: hasty, later: true},
}

// stranger leaves a transaction of another connector open in the offsets topic's only partition, while the API's
// position moves on behind it and a new member takes over: R4.
func stranger(w scene) error {
	m := w.join()
	err := w.awaitProgress(w.visible())
	for i := 0; i < 3 && err == nil; i++ {
		var other *kgo.Client
		if other, err = kgo.NewClient(append(w.direct(), kgo.TransactionalID("stranger"))...); err != nil {
			return err
		}
		if err = other.BeginTransaction(); err == nil {
			err = other.ProduceSync(w.t.Context(), &kgo.Record{Topic: offsetTopic, Key: []byte(`["other",{"url":"http://other"}]`)}).FirstErr()
		}
		if err == nil {
			time.Sleep(2 * time.Second) // pages commit behind the stranger's record
			m.kill()
			m = w.join()
			time.Sleep(3 * time.Second)
			err = other.EndTransaction(w.t.Context(), kgo.TryCommit)
		}
		other.Close()
		if err == nil {
			err = w.awaitProgress(w.visible())
		}
	}
	return err
}

// duel wakes a zombie beside its successor and looks on for a while: R10.
func duel(w scene) error {
	m := w.join()
	err := w.awaitProgress(w.visible())
	if err == nil {
		_, err = w.cycle(strike{how: zombie, step: "end", n: 3, before: true, hold: 3 * time.Second}, m)
	}
	time.Sleep(time.Minute)
	return err
}

// hasty waits between handing records over and ending the transaction for about as long as a broker takes to answer, so
// that of three brokers some have answered and some have not: R15.
func hasty(w scene) error {
	undo := proof.Strike(func(point string) {
		if point == "ending" {
			time.Sleep(2 * time.Millisecond)
		}
	})
	defer undo()
	w.join()
	err := w.awaitProgress(w.visible())
	w.plant()
	time.Sleep(20 * time.Second)
	return err
}

// TestTeeth breaks one rule at a time: its named check must fail, and the same seed must pass with the rule kept.
func TestTeeth(t *testing.T) {
	s := firstSeed()
	for _, bite := range teeth {
		t.Run(bite.rule, func(t *testing.T) {
			kept, err := bite.run(t, s, false)
			if err != nil || !kept.OK() {
				t.Fatalf("with %s kept, seed %d does not pass: %v\n%s\n%s", bite.rule, s, err, kept.Line(), strings.Join(kept.Findings, "\n"))
			}
			broken, err := bite.run(t, s, true)
			if broken.Counts[bite.check] == 0 {
				t.Errorf("%s is broken, and %s does not see it (%v):\n%s\n%s", bite.rule, bite.check, err, broken.Line(), strings.Join(broken.Findings, "\n"))
				return
			}
			fmt.Printf("chaos-teeth: %s broken: caught by %s (%d findings; all: %s); kept: %s\n",
				bite.rule, bite.check, broken.Counts[bite.check], strings.Join(broken.Failed(), " "), kept.Line())
		})
	}
}

// run plays the scenario, with the rule kept or broken.
func (bite tooth) run(t *testing.T, seed uint64, broken bool) (report checker.Report, err error) {
	undo := func() {}
	defer func() { undo() }()
	plant := func() {
		if broken {
			undo = proof.Break(bite.rule)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		cfg := bite.world
		cfg.seed, cfg.modes = seed, []string{"incrementing", "chaining"}
		cfg.growth = simapi.Growth{Backlog: 30, PerRequest: 6, Total: 3000}
		w := scene{enter(t, cfg), plant}
		if !bite.later {
			plant()
		}
		err = bite.play(w)
		var late error
		if report, late = w.finish(20, time.Minute); err == nil {
			err = late
		}
	})
	return report, err
}
