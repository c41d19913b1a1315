package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

// itemSettle is how long nothing new must come before a run over items counts as ended.
const itemSettle = 1500 * time.Millisecond

// parentPage is how many parents a page of the list has, so that announcing them is no matter.
const parentPage = 5000

// itemResult is what one run over items came to, from the moment the list has parents to the last child record.
type itemResult struct {
	perSecond       float64       // items a second
	program, broker time.Duration // CPU an item
	memory          int64         // bytes, at most
}

// String is the line that shows a run as it ends.
func (r itemResult) String() string {
	return fmt.Sprintf("%7.0f items/s, CPU %6.1f us an item, broker %6.1f us, %4d MiB", r.perSecond, micros(r.program), micros(r.broker), r.memory>>20)
}

var contenders = []contender{yardstick, loop, floor, worker}

// allItems runs all programs in turn for each number of items. The first round warms up the broker's compiler with the
// smallest number and is not counted.
func (b *bench) allItems(ctx context.Context) (map[key][]itemResult, error) {
	results := map[key][]itemResult{}
	for i, n := range append([]int{b.items[0]}, b.items...) {
		for round := range b.roundsOf(n) {
			for turn := range contenders {
				who := contenders[(turn+round)%len(contenders)]
				if who != worker && b.onlyUs {
					continue
				}
				r, err := b.runItems(ctx, who, n)
				if err != nil {
					return results, fmt.Errorf("%s, %d items: %w", who, n, err)
				}
				fmt.Fprintf(os.Stderr, "%7d items: %-6s %s\n", n, who, r)
				if i > 0 {
					results[key{n, who}] = append(results[key{n, who}], r)
				}
			}
		}
	}
	return results, nil
}

func (p plan) roundsOf(items int) int {
	if items >= 100_000 {
		return 1
	}
	return p.rounds
}

// itemRun is one run over items. Its name is that of the connector and, by a letter, of its topics.
type itemRun struct {
	*bench
	name string
	dir  string
	n    int
}

func (r itemRun) parents() string { return r.name + "-p" }
func (r itemRun) items() string   { return r.name + "-i" }

func (b *bench) runItems(ctx context.Context, who contender, n int) (itemResult, error) {
	b.runs++
	r := itemRun{bench: b, name: fmt.Sprintf("bench-%d-%s-%d", b.runs, who, n), n: n}
	r.dir = filepath.Join(b.dir, r.name)
	err := os.Mkdir(r.dir, 0o755)
	for _, topic := range []string{r.parents(), r.items()} {
		if err == nil {
			err = kafka.MakeTopic(ctx, b.cluster.Bootstrap, topic, 1, nil)
		}
	}
	if err == nil && who == floor {
		err = kafka.MakeTopic(ctx, b.cluster.Bootstrap, chaining.Topic(r.name), chaining.Lanes, map[string]string{"cleanup.policy": "compact"})
	}
	if err != nil {
		return itemResult{}, err
	}
	p, err := r.start(ctx, who)
	defer func() { _ = p.Kill() }()
	if err != nil {
		return itemResult{}, errors.Join(err, logOf(r.dir))
	}
	return r.measure(ctx, p)
}

// measure lets the list have its parents and watches until all children have arrived.
func (r itemRun) measure(ctx context.Context, p *program.Process) (itemResult, error) {
	before, err := r.used(p)
	if err != nil {
		return itemResult{}, err
	}
	if err := r.call(ctx, "open"); err != nil {
		return itemResult{}, err
	}
	samples, err := r.watch(ctx, p, r.items(), r.n*r.per, itemSettle)
	if err != nil {
		return itemResult{}, errors.Join(err, logOf(r.dir))
	}
	memory, err := program.PeakMemory(p.PID)
	if err != nil {
		return itemResult{}, err
	}
	if err := errors.Join(p.Kill(), r.verify(ctx, r.items(), r.n*r.per), r.verify(ctx, r.parents(), r.n)); err != nil {
		return itemResult{}, err
	}
	last := reached(samples)
	each := func(d time.Duration) time.Duration { return d / time.Duration(r.n) }
	return itemResult{
		perSecond: float64(r.n) / last.at.Sub(before.at).Seconds(), memory: memory,
		program: each(last.program - before.program), broker: each(last.broker - before.broker),
	}, r.remove(ctx, r.items(), r.parents(), chaining.Topic(r.name))
}

// used is what the processes have used so far.
func (r itemRun) used(p *program.Process) (s sample, err error) {
	s.at = time.Now()
	if s.program, err = program.CPU(p.PID); err == nil {
		s.broker, err = program.CPU(r.cluster.PID())
	}
	return s, err
}
