// Package rolling strikes a cluster of real workers on real Kafka while it polls, and holds what came of it against
// promises: nothing lost or doubled (test/checker), and no API silent for longer than it may be.
//
//	go test ./test/rolling -run TestRolling -rounds 2 -out stalls.svg
//
// Workers are restarted in turn, killed, frozen and thawed, cut off from Kafka, replaced by another build, and beset by
// what should not be there. A stall is the time between two requests of an API beyond its interval; it is measured by the
// API, beside an idle control: a process that only ticks at the same rate, so that what the machine does is known.
package rolling

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
	"github.com/headwater/headwater/test/rolling/feed"
	"github.com/headwater/headwater/test/rolling/fleet"
	"github.com/headwater/headwater/test/rolling/stall"
)

var (
	rounds  = flag.Int("rounds", 2, "rounds of rolling restart: each restarts every worker")
	fresh   = flag.Int("connectors", 20, "connectors of 15 APIs that are created at once")
	zombies = flag.Int("zombies", 5, "workers that are frozen for longer than their session")
	seed    = flag.Uint64("seed", 0, "seed of records and of the order of strikes; 0: a new one")
	worker  = flag.String("worker", "", "the worker's binary; empty: built from cmd/worker")
	level   = flag.String("log-level", "INFO", "the workers' log level")
	keep    = flag.Bool("keep", false, "keep the workers' files and logs of a proof that holds, too")
	version = flag.Int("tv", 2, "transaction.version of the cluster")
	out     = flag.String("out", "", "file for the picture of the stalls; empty: one in the folder of temporary files")
)

// ticksVariable tells this binary to be the idle control: number of clocks and their interval.
const ticksVariable = "HEADWATER_ROLLING_TICKS"

func TestMain(m *testing.M) {
	if v := os.Getenv(ticksVariable); v != "" {
		os.Exit(idle(v))
	}
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano() % 1e6)
	}
	if os.Getenv(javaVariable) == "" && *rounds <= shortRun {
		_ = os.Setenv(javaVariable, "-XX:TieredStopAtLevel=1")
	}
	code := kafka.Run(m)
	for _, b := range built.binaries {
		_ = os.RemoveAll(filepath.Dir(b))
	}
	os.Exit(code)
}

// A broker that lives for a few minutes spends most of its time on compiling itself thoroughly, on the two cores that the
// workers need: measured, three times the CPU of a broker that compiles quickly. A long run is better off the usual way.
const (
	javaVariable = "JAVA_TOOL_OPTIONS"
	shortRun     = 5 // rounds
)

func idle(v string) int {
	var n int
	var every string
	_, err := fmt.Sscan(v, &n, &every)
	interval, err2 := time.ParseDuration(every)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err != nil || err2 != nil || stall.Tick(ctx, os.Stdout, n, interval) != nil {
		return 1
	}
	return 0
}

// built are the workers' binaries, by the flags they were built with.
var built struct {
	sync.Mutex
	binaries map[string]string
}

// build compiles the worker with more flags for the compiler, once.
func build(t *testing.T, flags ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("real Kafka is not started under -short")
	}
	built.Lock()
	defer built.Unlock()
	key := fmt.Sprint(flags)
	if b := built.binaries[key]; b != "" {
		return b
	}
	dir, err := os.MkdirTemp("", "headwater-rolling-build-")
	if err != nil {
		t.Fatal(err)
	}
	b := *worker
	if b == "" || len(flags) > 0 {
		if b, err = program.Build(t.Context(), dir, "cmd/worker", flags...); err != nil {
			t.Fatal(err)
		}
	}
	b = chatty(t, dir, b)
	if built.binaries == nil {
		built.binaries = map[string]string{}
	}
	built.binaries[key] = b
	return b
}

// chatty returns a program that runs the worker with -log-level.
func chatty(t *testing.T, dir, binary string) string {
	t.Helper()
	path := filepath.Join(dir, "chatty")
	if err := os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\nexec %s --log-level %s \"$@\"\n", binary, *level), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Limits of a stall beyond what the idle control suffered.
const (
	movedLimit   = 3 * time.Second
	unmovedLimit = time.Second
)

// TestRolling restarts every worker of five in turn, round after round, under 60 APIs at 200 ms.
func TestRolling(t *testing.T) {
	binary := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute+time.Duration(*rounds)*5*time.Minute)
	defer cancel()
	s := newScene(t, kafka.Shared(t, *version).Bootstrap, binary)
	f := s.serve(feed.Config{Connectors: 20, APIs: 3, Interval: 200 * time.Millisecond})
	s.up(ctx, workers(5)...)
	s.create(ctx, "w5", f)
	s.even(ctx, "w5")
	s.measure(ctx, "w1", f.Interval())
	ask := "w1"
	for round := range *rounds {
		for _, i := range s.rng.Perm(5) {
			name := workers(5)[i]
			s.mark(ctx, ask, fmt.Sprintf("%d.%s", round+1, name))
			s.restart(ctx, name)
			ask = name
		}
	}
	s.fail(s.polled(ctx, time.Now(), f.APIs(), settled))
	m := s.measured(ctx, ask)
	what := fmt.Sprintf("5 workers, %d APIs at %s, %d restarts in %s", len(s.apis()), f.Interval(), 5**rounds, m.length.Round(time.Second))
	picture := *out
	if picture == "" {
		picture = filepath.Join(os.TempDir(), fmt.Sprintf("headwater-rolling-%d.svg", *seed))
	}
	s.draw(m, fmt.Sprintf("rolling restart: %s; %s", what, m), picture)
	s.verdict(s.judge(ctx), fmt.Sprintf("%s, %s, picture %s", what, m, picture), fmt.Sprintf(" -rounds %d", *rounds))
	s.within(m)
}

// restart ends a worker in order, starts it again, and waits until it is ready and has its share.
func (s *scene) restart(ctx context.Context, name string) {
	s.t.Helper()
	s.fail(s.fleet.Leave(name, leaving))
	w, err := s.fleet.Start(name, nil)
	s.fail(err)
	s.fail(fleet.Await(ctx, settled, name+" to be ready", w.Healthy))
	s.even(ctx, name)
}

// within holds stalls against the limits.
func (s *scene) within(m stalls) {
	s.t.Helper()
	if m.moved.N == 0 || m.unmoved.N == 0 {
		s.t.Errorf("nothing was measured: %s", m)
	}
	if longest := max(m.moved.Max, m.unmoved.Max); longest-m.control.Max >= movedLimit {
		s.t.Errorf("an API stalled for %s, %s is the limit; the idle control's worst is %s%s", longest, movedLimit, m.control.Max, s.worst(m, nil))
	}
	if m.unmoved.P999-m.control.P999 >= unmovedLimit {
		s.t.Errorf("unmoved APIs stalled for %s at p99.9, %s is the limit; the idle control's is %s%s", m.unmoved.P999, unmovedLimit, m.control.P999, s.worst(m, stall.Unmoved))
	}
}
