// Package chain runs chained connectors on clusters of real workers on real Kafka, over an API of three levels (tree), and
// judges what came of it (audit, which shares no code with the product).
//
//	go test ./test/chain -run TestChain -items 5000 -kills 10 -rebalances 4 -seed 7
//
// Workers are killed (kill -9), frozen for longer than their session, and join and leave while the tree is crawled: every
// record of every level must be there once, and every list must have been crawled to its end. TestDatasette is the same on a
// service that no one here wrote, which serves the same tree in its own way. Beside them: what is asked again after a kill and
// when a parent is emitted again, throughput by number of workers, hand-overs, items that wait, lag as Kafka's own tool shows
// it, and values that must not get into a path.
package chain

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headwater/headwater/test/chain/tree"
	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

var (
	items      = flag.Int("items", 5000, "work items of TestChain and TestDatasette, at least")
	kills      = flag.Int("kills", 10, "workers that they kill; beside them they freeze a tenth as many")
	rebalances = flag.Int("rebalances", -1, "workers that join or leave meanwhile; -1: a fifth of the kills, at least 4")
	seed       = flag.Uint64("seed", 0, "seed of the tree and of the strikes; 0: a new one")
	worker     = flag.String("worker", "", "the worker's binary; empty: built from cmd/worker")
	broken     = flag.String("break", "", "rule that the workers break on purpose (HEADWATER_BREAK): the run must then fail")
	keep       = flag.Bool("keep", false, "keep the workers' files and logs of a proof that holds, too")
	version    = flag.Int("tv", 2, "transaction.version of the cluster")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano() % 1e6)
	}
	if *rebalances < 0 {
		*rebalances = max(4, *kills/5)
	}
	// A broker that lives for a few minutes is better off compiling itself quickly than thoroughly: see test/rolling.
	if os.Getenv("JAVA_TOOL_OPTIONS") == "" && *kills <= 20 {
		_ = os.Setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
	}
	code := kafka.Run(m)
	_ = os.RemoveAll(built.dir)
	os.Exit(code)
}

var built struct {
	sync.Mutex
	dir, binary string
}

// build compiles the worker, once.
func build(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("real Kafka is not started under -short")
	}
	built.Lock()
	defer built.Unlock()
	if built.binary != "" || *worker != "" {
		return built.binary + *worker
	}
	var err error
	if built.dir == "" {
		if built.dir, err = os.MkdirTemp("", "headwater-chain-build-"); err != nil {
			t.Fatal(err)
		}
	}
	var flags []string
	if *broken != "" {
		flags = []string{"-tags", "proof"}
	}
	if built.binary, err = program.Build(t.Context(), built.dir, "cmd/worker", flags...); err != nil {
		t.Fatal(err)
	}
	return built.binary
}

// TestChain strikes three workers while they crawl a tree. It is let grow from strike to strike, so that each of them meets
// work.
func TestChain(t *testing.T) {
	plan := strikes()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute+time.Duration(len(plan))*20*time.Second+time.Duration(*items)*15*time.Millisecond)
	defer cancel()
	s := newScene(t, tree.New(tree.Config{Seed: *seed, Items: *items, Released: 1, Rate: 0.01, Limits: 5 + len(plan)/4}))
	s.up(ctx, "w1", "w2", "w3")
	s.create(ctx, "w1", nil)
	began := time.Now()
	for i, strike := range plan {
		s.tree.Release(1 + (s.tree.Roots()-1)*(i+1)/len(plan))
		s.moves(ctx)
		s.pause(ctx, 1500*time.Millisecond)
		strike(s, ctx)
	}
	s.tree.Release(s.tree.Roots())
	r := s.judge(ctx)
	fmt.Printf("chain: seed %d, Kafka %s, transaction.version %d, 3 workers, %s in %s, %s; again: go test ./test/chain -run '^TestChain$' -items %d -kills %d -rebalances %d -seed %d -tv %d\n",
		*seed, kafka.Version, *version, s.struck, time.Since(began).Round(time.Second), r.Line(), *items, *kills, *rebalances, *seed, *version)
	if !r.OK() {
		t.Errorf("%s\nfiles of the workers: %s%s", strings.Join(r.Findings, "\n"), s.fleet.Dir, s.complaints())
	}
}
