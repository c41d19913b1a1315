package rolling

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
	"github.com/headwater/headwater/test/rolling/feed"
	"github.com/headwater/headwater/test/rolling/fleet"
	"github.com/headwater/headwater/test/rolling/stall"
)

const (
	// session is session.timeout.ms of every worker.
	session = 6 * time.Second
	// settled bounds waits for things that take a second or two when all is well.
	settled = 45 * time.Second
	// leaving bounds a worker's end after SIGTERM.
	leaving = 30 * time.Second
)

// scene is a cluster of workers, the APIs that it polls, and what was done to it when.
type scene struct {
	t         *testing.T
	name      string // group.id, and the first part of all names
	bootstrap string
	rng       *rand.Rand
	fleet     *fleet.Fleet
	feeds     []*feed.Feed

	began   time.Time // of the measurement
	windows []stall.Window
	before  map[feed.API]owner // when the last window began
	late    int                // feeds from this one on were created during the measurement; 0: none
	control *program.Process
	ticks   time.Duration
}

// owner is who runs an API, as the assignments say.
type owner struct {
	worker string
	epoch  int64
}

// newScene prepares a group on a Kafka cluster; nothing runs yet.
func newScene(t *testing.T, bootstrap, binary string) *scene {
	t.Helper()
	dir, err := os.MkdirTemp("", "headwater-rolling-")
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, name: kafka.Name(t), bootstrap: bootstrap, rng: rand.New(rand.NewPCG(*seed, 4))}
	s.fleet = &fleet.Fleet{Binary: binary, Bootstrap: bootstrap, Group: s.name, Dir: dir, Properties: map[string]string{}}
	t.Cleanup(func() {
		_ = s.fleet.Kill()
		if !t.Failed() && !*keep {
			_ = os.RemoveAll(dir)
		}
	})
	kafka.CreateTopic(t, bootstrap, s.name+"-offsets", 5, map[string]string{"cleanup.policy": "compact"})
	return s
}

// fail ends the test when something could not be done; the workers' files stay.
func (s *scene) fail(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v\nfiles of the workers: %s%s", err, s.fleet.Dir, s.complaints())
	}
}

// complaints are the last warnings and errors of each worker, for who reads a failed run.
func (s *scene) complaints() string {
	var out strings.Builder
	for _, name := range s.fleet.Names() {
		var bad []string
		for line := range strings.Lines(s.fleet.Worker(name).Text()) {
			if !strings.Contains(line, "level=INFO") && !strings.Contains(line, "level=DEBUG") {
				bad = append(bad, strings.TrimSpace(line))
			}
		}
		fmt.Fprintf(&out, "\n%s:\n  %s", name, strings.Join(bad[max(0, len(bad)-6):], "\n  "))
	}
	return out.String()
}

// up starts workers and waits until they are ready.
func (s *scene) up(ctx context.Context, names ...string) {
	s.t.Helper()
	for _, name := range names {
		_, err := s.fleet.Start(name, nil)
		s.fail(err)
	}
	for _, name := range names {
		s.fail(fleet.Await(ctx, settled, name+" to be ready", s.fleet.Worker(name).Healthy))
	}
}

// workers are the names w1 to wn.
func workers(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("w%d", i+1))
	}
	return names
}

// serve starts APIs for the cluster to poll, with their topics.
func (s *scene) serve(c feed.Config) *feed.Feed {
	s.t.Helper()
	c.Seed, c.Name = *seed, fmt.Sprintf("%s-%d", s.name, len(s.feeds))
	f, err := feed.Start(c)
	s.fail(err)
	s.t.Cleanup(f.Close)
	s.topics(s.t.Context(), f.Names())
	s.feeds = append(s.feeds, f)
	return f
}

// topics makes topics, all in one request: one by one a broker takes half a second for each.
func (s *scene) topics(ctx context.Context, names []string) {
	s.t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(s.bootstrap), kgo.MetadataMinAge(100*time.Millisecond))
	s.fail(err)
	defer c.Close()
	admin := kadm.NewClient(c)
	made, err := admin.CreateTopics(ctx, 2, 1, nil, names...)
	s.fail(errors.Join(err, made.Error()))
	s.fail(fleet.Await(ctx, settled, "topics to answer", func(ctx context.Context) error {
		ends, err := admin.ListEndOffsets(ctx, names...)
		return errors.Join(err, ends.Error())
	}))
}

// create gives a feed's connectors to the cluster through the worker named, and waits until all APIs are polled. It returns
// how long the calls took and how long it was then until the last API was asked.
func (s *scene) create(ctx context.Context, through string, f *feed.Feed) (calls, rest time.Duration) {
	s.t.Helper()
	at := time.Now()
	for _, name := range f.Names() {
		s.fail(s.fleet.Worker(through).Put(ctx, name, f.Properties(name)))
	}
	calls = time.Since(at)
	s.fail(s.polled(ctx, at, f.APIs(), 2*settled))
	return calls, time.Since(at) - calls
}

// polled waits until each API has been asked after a time.
func (s *scene) polled(ctx context.Context, since time.Time, apis []feed.API, within time.Duration) error {
	return fleet.Await(ctx, within, fmt.Sprintf("%d APIs to be polled", len(apis)), func(context.Context) error {
		var silent []feed.API
		for _, a := range apis {
			if _, ok := s.since(a, since); !ok {
				silent = append(silent, a)
			}
		}
		if len(silent) > 0 {
			return fmt.Errorf("%d are not: %v", len(silent), silent[:min(5, len(silent))])
		}
		return nil
	})
}

// since is the first request of an API after a time.
func (s *scene) since(a feed.API, at time.Time) (feed.Request, bool) {
	for _, f := range s.feeds {
		if r, ok := f.Since(a, at); ok {
			return r, true
		}
	}
	return feed.Request{}, false
}

func (s *scene) apis() (all []feed.API) {
	for _, f := range s.feeds {
		all = append(all, f.APIs()...)
	}
	return all
}

// even waits until all APIs' tasks are shared evenly by all workers, as the worker named sees it.
func (s *scene) even(ctx context.Context, ask string) []fleet.Task {
	s.t.Helper()
	tasks, err := s.fleet.AwaitEven(ctx, ask, len(s.apis()), settled)
	s.fail(err)
	return tasks
}

// owners asks a worker who runs what.
func (s *scene) owners(ctx context.Context, ask string) map[feed.API]owner {
	s.t.Helper()
	tasks, err := s.fleet.Worker(ask).Assignments(ctx)
	s.fail(err)
	out := map[feed.API]owner{}
	for _, t := range tasks {
		for _, api := range t.APIs {
			var n int
			_, err := fmt.Sscanf(api, "api%d", &n)
			s.fail(err)
			out[feed.API{Connector: t.Connector, N: n}] = owner{t.Worker, t.Epoch}
		}
	}
	return out
}

// of lists the APIs that some workers run, in order.
func (s *scene) of(owners map[feed.API]owner, names ...string) (out []feed.API) {
	for _, a := range s.apis() {
		for _, n := range names {
			if owners[a].worker == n {
				out = append(out, a)
			}
		}
	}
	return out
}

// leader asks a worker who leads.
func (s *scene) leader(ctx context.Context, ask string) string {
	s.t.Helper()
	var c fleet.Cluster
	s.fail(fleet.Await(ctx, settled, "a leader", func(ctx context.Context) (err error) {
		if c, err = s.fleet.Worker(ask).Cluster(ctx); err == nil && s.fleet.Worker(c.Leader) == nil {
			err = fmt.Errorf("the leader is %q", c.Leader)
		}
		return err
	}))
	return c.Leader
}

// together waits until a worker says that all workers of the fleet are alive, and no others.
func (s *scene) together(ctx context.Context, ask string) fleet.Cluster {
	s.t.Helper()
	var c fleet.Cluster
	s.fail(fleet.Await(ctx, settled, "all workers to be alive", func(ctx context.Context) (err error) {
		if c, err = s.fleet.Worker(ask).Cluster(ctx); err != nil {
			return err
		}
		alive := map[string]bool{}
		for _, m := range c.Workers {
			if m.State == "alive" || m.State == "unknown" { // without gossip nobody knows
				alive[m.Name] = true
			}
		}
		for _, n := range s.fleet.Names() {
			if !alive[n] {
				return fmt.Errorf("%s is not alive in %+v", n, c.Workers)
			}
		}
		if len(alive) != len(s.fleet.Names()) {
			return fmt.Errorf("more are alive than should be: %v", alive)
		}
		return nil
	}))
	return c
}
