// Package crash kills the real worker on real Kafka, over and over and in every offset mode, and then counts.
//
//	go test -tags proof ./test/crash -run TestCrash -kills 20 -seed 7
//
// A worker meets one of four ends: kill -9 at a random instant, kill -9 at a named point of its own code
// (internal/proof), SIGTERM, or SIGSTOP for longer than the transaction timeout while its successor works, then SIGCONT:
// a zombie. The next worker starts at once. In the end the streams stop growing, the last worker reads them to their end,
// and test/checker, which shares no code with the product, judges. A seed fixes the plan, not what the processes make
// of it.
package crash

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

var (
	kills   = flag.Int("kills", 20, "how many workers are to die")
	seed    = flag.Uint64("seed", 0, "seed of the plan; 0: a new one")
	version = flag.Int("tv", 0, "transaction.version of the cluster: 1, 2, or 0 for half the kills each")
	broken  = flag.String("break", "", "rule that the workers break on purpose (HEADWATER_BREAK): the run must then fail")
	only    = flag.String("only", "", "end every worker in this way: random, point, term, zombie, or a point's name")
)

func TestMain(m *testing.M) { os.Exit(kafka.Run(m)) }

func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("real Kafka is not started under -short")
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano() % 1e6)
	}
	binary, err := program.Build(t.Context(), t.TempDir(), "cmd/worker", "-tags", "proof")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions() {
		t.Run(fmt.Sprintf("transaction-version-%d", v), func(t *testing.T) { crash(t, binary, v) })
	}
}

func versions() []int {
	if *version == 0 {
		return []int{2, 1}
	}
	return []int{*version}
}

// crash is one run on one cluster.
func crash(t *testing.T, binary string, tv int) {
	n := *kills
	if *version == 0 {
		n = (n + 2 - tv) / 2 // of an odd number, version 1 gets the odd one
	}
	r := newRun(t, binary, tv, n)
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*maxCycle+2*time.Minute)
	defer cancel()
	for _, f := range plan(rand.New(rand.NewPCG(*seed, uint64(tv))), n) {
		r.cycle(ctx, f)
	}
	report := r.finish(ctx)
	fmt.Printf("crash: seed %d, Kafka %s, transaction.version %d, %d kills in %s (%s), %s; again: go test -tags proof ./test/crash -run TestCrash -kills %d -seed %d -tv %d\n",
		*seed, kafka.Version, tv, n, time.Since(began).Round(time.Second), r.ends, report.Line(), n, *seed, tv)
	if !report.OK() {
		t.Errorf("%s\nlogs of all workers and the ledger: %s", strings.Join(report.Findings, "\n"), r.keep())
	}
}
