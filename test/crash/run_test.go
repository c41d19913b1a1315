package crash

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/checker"
	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
	"github.com/headwater/headwater/test/simapi"
)

const (
	group     = "crash"
	connector = "sim"
	// transactionTimeout is short, so that a zombie outlives it within a run of 20; scan is how often the test broker
	// looks for transactions that ran out.
	transactionTimeout = 4 * time.Second
	scan               = time.Second
	zombieSleep        = transactionTimeout + scan + time.Second
	zombieAwake        = 2 * time.Second
	// maxCycle bounds the wait for a worker's first commit and for a planned death.
	maxCycle = 45 * time.Second
	// maxPoint is how long a worker may live without coming by the point it is to die at; then it is killed anyway.
	maxPoint = 4 * time.Second
)

// run is a cluster, an API, a checker, and the workers that come and go.
type run struct {
	t      *testing.T
	binary string
	dir    string // of all workers' files
	broker *kafka.Cluster
	sim    *simapi.Server
	config map[string]string
	watch  *checker.Watch

	started int
	zombies sync.WaitGroup
	// name is held by a worker from its start until it has tasks, and by a zombie while it is awake: all have one
	// worker.name, and a worker refuses to start beside another of its name that answers.
	name sync.Mutex
	ends tally
}

// tally counts ends by kind.
type tally map[string]int

func (c tally) String() string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(c)) {
		out = append(out, fmt.Sprintf("%s %d", k, c[k]))
	}
	return strings.Join(out, ", ")
}

func newRun(t *testing.T, binary string, tv, kills int) *run {
	t.Helper()
	broker := kafka.Start(t, kafka.Options{TransactionVersion: tv, Properties: map[string]string{
		"log.cleaner.backoff.ms": "1000", // the offsets topic is really compacted while the workers die
	}})
	dir, err := os.MkdirTemp("", "headwater-crash-")
	if err != nil {
		t.Fatal(err)
	}
	r := &run{t: t, binary: binary, dir: dir, broker: broker, ends: tally{}}
	t.Cleanup(func() {
		if !t.Failed() {
			_ = os.RemoveAll(dir)
		}
	})
	r.serve(kills)
	r.topics()
	r.follow()
	return r
}

// serve starts the API in this process, growing for as long as the run may last.
func (r *run) serve(kills int) {
	sim, err := simapi.New(simapi.Config{
		Seed: *seed, Rate: 0.01,
		Growth: simapi.Growth{Backlog: 60, PerSecond: 15, Total: 2000 + 60*kills},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	srv := &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }()
	r.t.Cleanup(func() { _ = srv.Close() })
	r.sim = sim
	base := "http://" + l.Addr().String()
	r.config = sim.Config(simapi.Connector{Name: connector, BaseURL: base, Interval: 100})
}

// topics makes the topics that the checker follows. Every other API's has two partitions.
func (r *run) topics() {
	for _, a := range r.sim.APIs() {
		kafka.CreateTopic(r.t, r.broker.Bootstrap, simapi.TopicOf(connector, a.ID), int32(1+a.ID%2), nil)
	}
	kafka.CreateTopic(r.t, r.broker.Bootstrap, group+"-offsets", 5, map[string]string{
		"cleanup.policy": "compact", "segment.bytes": "1048576", "segment.ms": "10000", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "10000",
	})
}

func (r *run) follow() {
	p := checker.Plan{
		Connector: connector, Offsets: group + "-offsets", Client: []kgo.Opt{kgo.SeedBrokers(r.broker.Bootstrap)},
		OpenLimit: transactionTimeout + scan + 3*time.Second,
	}
	for _, a := range r.sim.APIs() {
		p.APIs = append(p.APIs, checker.API{
			ID: a.ID, Topic: simapi.TopicOf(connector, a.ID), URL: a.PartitionURL(r.config["http.api.base.url"]),
			Total: a.Total, Payload: a.Payload,
			Stand: func(fields map[string]string) (checker.Place, error) {
				s, err := a.Standing(fields)
				return checker.Place(s), err
			},
		})
	}
	w, err := checker.Start(context.Background(), p)
	if err != nil {
		r.t.Fatal(err)
	}
	r.watch = w
	r.t.Cleanup(w.Close)
}

// visible is how many records have arrived.
func (r *run) visible() int {
	n := 0
	for _, a := range r.sim.APIs() {
		n += r.watch.Visible(a.ID)
	}
	return n
}

// life is one worker's process.
type life struct {
	*program.RunningWorker
	log string
}

// owns says whether the worker has been given the tasks.
func (l life) owns() bool {
	log, err := os.ReadFile(l.log)
	return err == nil && bytes.Contains(log, []byte("task started"))
}

// start runs the next worker, and returns when it has been given tasks or has ended.
func (r *run) start(ctx context.Context, f fate) life {
	r.t.Helper()
	r.name.Lock()
	defer r.name.Unlock()
	p := r.launch(f)
	r.await(ctx, p, p.owns)
	return p
}

func (r *run) launch(f fate) life {
	r.t.Helper()
	r.started++
	dir := filepath.Join(r.dir, fmt.Sprintf("tv%d-%03d-%s", r.broker.TransactionVersion, r.started, f.how))
	if err := os.Mkdir(dir, 0o755); err != nil {
		r.t.Fatal(err)
	}
	w := program.Worker{
		Binary: r.binary, Dir: dir, Bootstrap: r.broker.Bootstrap, Group: group,
		Properties: map[string]string{
			"transaction.timeout.ms": fmt.Sprint(transactionTimeout.Milliseconds()),
			"worker.name":            "crash", // each is the successor of the last: it need not wait for its session to run out
		},
		Connectors: map[string]map[string]string{connector: r.config},
	}
	if f.point != "" {
		w.Env = append(w.Env, "HEADWATER_KILL="+f.point)
	}
	if *broken != "" {
		w.Env = append(w.Env, "HEADWATER_BREAK="+*broken)
	}
	p, err := w.Start()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = p.Kill() })
	return life{p, w.Log()}
}

// cycle is one worker's life and end.
func (r *run) cycle(ctx context.Context, f fate) {
	r.t.Helper()
	p := r.start(ctx, f)
	if f.how == point {
		r.dieAtPoint(ctx, p, f)
		return
	}
	if !r.awaitMore(ctx, p) {
		r.t.Fatalf("worker %d (%s) ended, or committed nothing within %s; its files are in %s", r.started, f, maxCycle, r.keep())
	}
	pause(ctx, f.after)
	switch f.how {
	case random:
		_ = p.Kill()
	case term:
		if err := p.Terminate(15 * time.Second); err != nil {
			r.t.Errorf("worker %d: %v", r.started, err)
		}
	case zombie:
		_ = p.Signal(syscall.SIGSTOP)
		r.zombies.Go(func() { r.haunt(p) })
	}
	r.count(f.how)
}

// dieAtPoint waits for the worker to kill itself. One that does not come by the point any more is killed.
func (r *run) dieAtPoint(ctx context.Context, p life, f fate) {
	r.t.Helper()
	name, _, _ := strings.Cut(f.point, ":")
	select {
	case <-p.Done():
		if code := p.ExitCode(); code != -1 {
			r.t.Fatalf("worker %d ended with code %d instead of dying at %s; its files are in %s", r.started, code, f.point, r.keep())
		}
		r.count(name)
	case <-time.After(maxPoint):
		_ = p.Kill()
		r.count("late")
	case <-ctx.Done():
	}
}

// haunt lets a stopped worker sleep for longer than its transactions live, wakes it beside its successor, and ends it.
func (r *run) haunt(p life) {
	time.Sleep(zombieSleep)
	r.name.Lock()
	defer r.name.Unlock()
	_ = p.Signal(syscall.SIGCONT)
	select {
	case <-p.Done(): // it saw that it was replaced
	case <-time.After(zombieAwake):
		_ = p.Kill()
	}
}

func (r *run) count(how string) { r.ends[how]++ }

// awaitMore waits until the worker has the tasks and records have arrived since; false when it ended or time ran out.
func (r *run) awaitMore(ctx context.Context, p life) bool {
	if !p.owns() {
		return false
	}
	before := r.visible()
	return r.await(ctx, p, func() bool { return r.visible() > before })
}

func (r *run) await(ctx context.Context, p life, ok func() bool) bool {
	deadline := time.After(maxCycle)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-p.Done():
			return false
		case <-deadline:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// finish lets a last worker read the streams to their end and judges.
func (r *run) finish(ctx context.Context) checker.Report {
	r.t.Helper()
	p := r.start(ctx, fate{how: "last"})
	r.zombies.Wait()
	r.sim.Finish()
	if missing := r.awaitAll(ctx); len(missing) > 0 {
		r.t.Errorf("the streams have ended, but of these APIs so many records are still missing: %v; files in %s", missing, r.keep())
	}
	if err := p.Terminate(15 * time.Second); err != nil {
		r.t.Error(err)
	}
	settle, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := r.watch.Settle(settle); err != nil {
		r.t.Error(err)
	}
	return r.watch.Judge(100*len(r.sim.APIs())/2, true)
}

func (r *run) awaitAll(ctx context.Context) map[int]int {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		missing := r.watch.Missing()
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return missing
		}
	}
}

// keep writes the ledger beside the workers' files and returns where they are.
func (r *run) keep() string {
	f, err := os.Create(filepath.Join(r.dir, "ledger.txt"))
	if err != nil {
		return r.dir
	}
	defer f.Close()
	_ = r.sim.WriteLedger(f, 0)
	return r.dir
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
