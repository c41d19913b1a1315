package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

// bench is what stays for all runs: the broker, the API, and the binaries.
type bench struct {
	plan
	dir     string
	self    string // this binary, which is the API's and the bare program's too
	cluster *kafka.Cluster
	server  *program.Process
	url     string
	runs    int
}

// measure starts what stays, warms it up, runs the programs in turn and prints the table.
func measure(ctx context.Context, p plan) error {
	dir, err := os.MkdirTemp("", "headwater-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{plan: p, dir: dir}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	defer func() { _, _ = b.cluster.Stop(), b.server.Kill() }()
	return errors.Join(b.measurePages(ctx), b.measureItems(ctx))
}

func (b *bench) measurePages(ctx context.Context) error {
	if b.what == "items" {
		return nil
	}
	results, err := b.all(ctx)
	if err == nil {
		fmt.Printf("%s\n%s\n", machine(), table(b.plan, results))
	}
	return err
}

func (b *bench) measureItems(ctx context.Context) error {
	if b.what == "pages" || b.control || len(b.items) == 0 {
		return nil
	}
	results, err := b.allItems(ctx)
	if len(results) > 0 { // a large number that took too long does not take the small ones with it
		fmt.Printf("%s\n%s\n", machine(), itemTable(b.plan, results))
	}
	return err
}

func (b *bench) prepare(ctx context.Context) (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.worker == "" && !b.control {
		if b.worker, err = program.Build(ctx, b.dir, "cmd/worker", "-trimpath"); err != nil {
			return err
		}
	}
	address, err := program.FreeAddress()
	if err != nil {
		return err
	}
	b.url = "http://" + address
	pages := b.records
	if b.what == "items" {
		pages = 1 // nobody asks for them
	}
	if b.server, err = program.Start(exec.Command(b.self, "serve", address, strconv.Itoa(pages)), filepath.Join(b.dir, "serve.log")); err != nil {
		return err
	}
	if err := awaitServer(ctx, b.url); err != nil {
		return err
	}
	b.cluster, err = kafka.Launch(ctx, kafka.Options{})
	return err
}

// awaitServer returns when the API answers.
func awaitServer(ctx context.Context, url string) error {
	for {
		resp, err := http.Get(url + "/items?start=0&limit=1")
		if err == nil {
			return resp.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s to answer: %w: %w", url, context.Cause(ctx), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// all returns the results by page size and program. The first round warms up the broker's compiler and is not counted;
// who goes first changes from round to round.
func (b *bench) all(ctx context.Context) (map[key][]result, error) {
	results := map[key][]result{}
	for round := range b.rounds + 1 {
		for _, size := range b.sizes {
			for turn := range 2 {
				which := [...]contender{yardstick, worker}[(turn+round)%2]
				r, err := b.run(ctx, which, size)
				if err != nil {
					return nil, fmt.Errorf("%s, pages of %d, round %d: %w", which, size, round, err)
				}
				fmt.Fprintf(os.Stderr, "round %d of %d, pages of %4d: %-6s %s\n", round, b.rounds, size, which, r)
				if round > 0 {
					k := key{size, which}
					results[k] = append(results[k], r)
				}
			}
		}
	}
	return results, nil
}

type contender string

const (
	yardstick contender = "bare"
	loop      contender = "loop"  // bare, but each item's records are acknowledged before the next
	floor     contender = "queue" // bare, by way of a work queue
	worker    contender = "worker"
)

type key struct {
	size int
	who  contender
}
