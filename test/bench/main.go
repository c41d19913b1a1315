// Command bench measures the worker: records of about 1 KB from a local HTTP server to Apache Kafka, exactly once, beside
// a bare program that does the same without a transaction, on the same broker in the same run. Broker, server and both
// programs are processes of their own. It prints, for pages of 100 and of 1,000 records, records a second, CPU a record of
// the program and of the broker, resident memory, the time to the first record, and the ratios.
//
//	bench [-records 200000] [-rounds 3] [-pages 100,1000] [-worker path] [-control]
//
// Read ratios, not times: both programs run in turn, and a machine that is busy with something else slows both.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/headwater/headwater/test/bench/bare"
	"github.com/headwater/headwater/test/bench/pages"
)

func main() {
	if err := dispatch(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// dispatch is the measurement itself, or one of the processes that it starts from its own binary.
func dispatch(args []string) error {
	if len(args) > 0 && args[0] == "serve" {
		return serve(args[1], args[2])
	}
	if len(args) > 0 && args[0] == "bare" {
		return copyBare(args[1:])
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

// plan is what the flags say.
type plan struct {
	records, rounds int
	sizes           []int
	worker          string
	control         bool
	within          time.Duration
}

func parse(args []string) (plan, error) {
	p := plan{sizes: []int{100, 1000}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&p.records, "records", 200_000, "records of each run")
	f.IntVar(&p.rounds, "rounds", 3, "runs of each program for each page size")
	f.StringVar(&p.worker, "worker", "", "the worker's binary; built from ./cmd/worker when empty")
	f.BoolVar(&p.control, "control", false, "measure the bare program against itself: how far the ratios can be trusted")
	f.DurationVar(&p.within, "within", 9*time.Minute, "end after this time, whatever is missing")
	f.Func("pages", "page `sizes`, with commas between (100,1000)", func(s string) error {
		p.sizes = nil
		for _, part := range strings.Split(s, ",") {
			n, err := strconv.Atoi(part)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is no page size", part)
			}
			p.sizes = append(p.sizes, n)
		}
		return nil
	})
	err := f.Parse(args)
	if err == nil && (p.records < 1000 || p.rounds < 1) {
		err = fmt.Errorf("want -records of at least 1000 and -rounds of at least 1")
	}
	return p, err
}

// serve is the API's process: its address, the number of records.
func serve(address, total string) error {
	n, err := strconv.Atoi(total)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return pages.New(n).Serve(l)
}

// copyBare is the bare program's process. It stays when it is done, as the worker does, so that both can be measured.
func copyBare(args []string) error {
	limit, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	cfg := bare.Config{URL: args[0], Limit: limit, Bootstrap: args[2], Topic: args[3]}
	if err := bare.Run(context.Background(), cfg); err != nil {
		return err
	}
	select {}
}
