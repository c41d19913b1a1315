// Command bench measures the worker, exactly once, beside bare programs that do the same without a transaction, on the same
// broker in the same run. Broker, server and all programs are processes of their own.
//
//	bench [pages|items] [-rounds 3] [-worker path] [-within 9m] ...
//
// Under pages, records of about 1 KB from one paged API: for pages of 100 and of 1,000 records, records a second, CPU a
// record of the program and of the broker, resident memory, the time to the first record, and the ratios.
//
//	[-records 200000] [-pages 100,1000] [-control]
//
// Under items, API chaining: a list of parents, and for each of them one request for its children, as many at once as the
// worker's 15 lanes have. The bare program produces what it gets and goes on; a loop waits until an item's records are
// acknowledged before it takes the next; a third goes by way of a work queue, exactly once, and has nothing beside.
//
//	[-items 1000,10000,100000] [-in-flight 1] [-per-item 1] [-million]
//
// Without a word, both. Read ratios, not times: the programs run in turn, and a machine that is busy with something else
// slows both.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := dispatch(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func dispatch(args []string) error {
	if len(args) > 0 {
		if role, ok := roles[args[0]]; ok {
			return role(args[1:])
		}
	}
	p, err := parse(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, p.within, fmt.Errorf("not done within %v (-within)", p.within))
	defer cancel()
	return measure(ctx, p)
}

// plan is what the command line says.
type plan struct {
	what            string // "pages", "items"; empty: both
	rounds          int
	worker          string
	within          time.Duration
	records         int
	sizes           []int
	control         bool
	items           []int
	inFlight, per   int
	million, onlyUs bool
}

func parse(args []string) (plan, error) {
	p := plan{sizes: []int{100, 1000}, items: []int{1000, 10_000, 100_000}}
	if len(args) > 0 && (args[0] == "pages" || args[0] == "items") {
		p.what, args = args[0], args[1:]
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&p.rounds, "rounds", 3, "runs of each program for each page size, and for each number of items below 100,000")
	f.StringVar(&p.worker, "worker", "", "the worker's binary; built from ./cmd/worker when empty")
	f.DurationVar(&p.within, "within", 0, "end after this time, whatever is missing (9m, with -million 60m)")
	f.IntVar(&p.records, "records", 200_000, "pages: records of each run")
	f.Func("pages", "pages: `sizes`, with commas between (100,1000)", numbers(&p.sizes))
	f.BoolVar(&p.control, "control", false, "pages: measure the bare program against itself: how far the ratios can be trusted")
	f.Func("items", "items: `numbers` of items, with commas between (1000,10000,100000)", numbers(&p.items))
	f.IntVar(&p.inFlight, "in-flight", 1, "items: chaining.items.in.flight of each of the 15 lanes")
	f.IntVar(&p.per, "per-item", 1, "items: records under each parent")
	f.BoolVar(&p.million, "million", false, "items: 1,000,000 too, which takes long")
	f.BoolVar(&p.onlyUs, "only-worker", false, "items: leave the bare program out, to look at the worker")
	if err := f.Parse(args); err != nil {
		return p, err
	}
	return p, p.complete()
}

func (p *plan) complete() error {
	if p.records < 1000 || p.rounds < 1 || p.inFlight < 1 || p.per < 1 {
		return fmt.Errorf("want -records of at least 1000, and -rounds, -in-flight and -per-item of at least 1")
	}
	if p.million {
		p.items = append(p.items, 1_000_000)
	}
	if p.within == 0 {
		p.within = map[bool]time.Duration{false: 9 * time.Minute, true: time.Hour}[p.million]
	}
	return nil
}

func numbers(to *[]int) func(string) error {
	return func(s string) error {
		*to = nil
		for part := range strings.SplitSeq(s, ",") {
			n, err := strconv.Atoi(part)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is no number above 0", part)
			}
			*to = append(*to, n)
		}
		return nil
	}
}
