package rolling

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
	"github.com/headwater/headwater/test/rolling/feed"
	"github.com/headwater/headwater/test/rolling/fleet"
)

const (
	runningLimit = 60 * time.Second
	memoryLimit  = 512 << 20
)

// TestScale creates many connectors at once on three workers and then adds a fourth. All run within a minute, workers stay
// small, only what the fourth is to have moves, and what does not move never pauses.
func TestScale(t *testing.T) {
	binary := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	s := newScene(t, kafka.Shared(t, *version).Bootstrap, binary)
	first := s.serve(feed.Config{Connectors: 4, APIs: 3, Interval: 200 * time.Millisecond})
	s.up(ctx, workers(3)...)
	s.create(ctx, "w3", first)
	s.even(ctx, "w3")

	// About 100 requests a second, however many APIs there are.
	interval := max(time.Second, time.Duration(*fresh)*150*time.Millisecond)
	s.late = len(s.feeds)
	many := s.serve(feed.Config{Connectors: *fresh, APIs: 15, Interval: interval})
	s.measure(ctx, "w1", first.Interval())
	s.mark(ctx, "w1", "create")
	s.before = only(s.before, first)
	began := time.Now()
	calls, rest := s.create(ctx, "w2", many)
	s.allRun(ctx, "w1")
	took := time.Since(began)
	if took > runningLimit {
		t.Errorf("%d connectors were running after %s, %s is the limit; the calls took %s, the last API was asked %s later", *fresh, took, runningLimit, calls, rest)
	}
	before := s.even(ctx, "w1")
	s.still("creating connectors")

	s.mark(ctx, "w1", "w4 joins")
	s.up(ctx, "w4")
	after := s.even(ctx, "w1")
	needed(t, before, after, "w4")
	s.fail(s.polled(ctx, time.Now(), s.apis(), settled+interval))
	memory := s.memory()
	m := s.measured(ctx, "w1")
	s.verdict(s.judge(ctx), fmt.Sprintf("3 workers, %d connectors with %d APIs running after %s, a fourth worker joins, at most %d MiB resident, %s",
		*fresh, len(many.APIs()), took.Round(100*time.Millisecond), memory>>20, m), fmt.Sprintf(" -connectors %d", *fresh))
	if worst := m.unmoved.Max - m.control.Max; worst >= unmovedLimit {
		t.Errorf("an API that was not moved paused for %s longer than the idle control; %s is the limit", worst, unmovedLimit)
	}
}

// only keeps the APIs of one feed, so that new ones do not count as moved.
func only(owners map[feed.API]owner, f *feed.Feed) map[feed.API]owner {
	out := map[feed.API]owner{}
	for _, a := range f.APIs() {
		out[a] = owners[a]
	}
	return out
}

// allRun waits until a worker says RUNNING of every connector and task.
func (s *scene) allRun(ctx context.Context, ask string) {
	s.t.Helper()
	s.fail(fleet.Await(ctx, settled, "all tasks to be RUNNING", func(ctx context.Context) error {
		type state struct{ State, Trace string }
		var all map[string]struct {
			Status struct {
				Connector state
				Tasks     []state
			}
		}
		if _, err := s.fleet.Worker(ask).Call(ctx, http.MethodGet, "/connectors?expand=status", nil, &all); err != nil {
			return err
		}
		tasks := 0
		for name, c := range all {
			for _, st := range append(c.Status.Tasks, c.Status.Connector) {
				if st.State != "RUNNING" {
					return fmt.Errorf("%s is %s %s", name, st.State, st.Trace)
				}
			}
			tasks += len(c.Status.Tasks)
		}
		if tasks != len(s.apis()) {
			return fmt.Errorf("%d tasks of %d", tasks, len(s.apis()))
		}
		return nil
	}))
}

// still checks that creating connectors has moved none that were there before.
func (s *scene) still(why string) {
	s.t.Helper()
	for a, o := range s.before {
		if now := s.owners(context.Background(), "w1")[a]; now != o {
			s.t.Errorf("%s moved %s from %v to %v", why, a, o, now)
		}
	}
}

// needed checks that only tasks of the new worker moved, and no more than it was to have.
func needed(t *testing.T, before, after []fleet.Task, joined string) {
	t.Helper()
	was := map[string]fleet.Task{}
	for _, b := range before {
		was[b.Task] = b
	}
	var moved int
	for _, a := range after {
		if was[a.Task].Worker == a.Worker && was[a.Task].Epoch == a.Epoch {
			continue
		}
		if moved++; a.Worker != joined {
			t.Errorf("%s moved from %s to %s, though %s joined: %q", a.Task, was[a.Task].Worker, a.Worker, joined, a.Reason)
		}
	}
	if fair := (len(after) + 3) / 4; moved > fair {
		t.Errorf("%d tasks moved, the new worker was to have %d at most", moved, fair)
	}
}

// memory is the largest resident memory that a worker has had; above the limit it fails the test.
func (s *scene) memory() (most int64) {
	s.t.Helper()
	for _, name := range s.fleet.Names() {
		bytes, err := program.PeakMemory(s.fleet.Worker(name).PID)
		s.fail(err)
		if most = max(most, bytes); bytes > memoryLimit {
			s.t.Errorf("%s had %d MiB resident, %d is the limit", name, bytes>>20, memoryLimit>>20)
		}
	}
	return most
}
