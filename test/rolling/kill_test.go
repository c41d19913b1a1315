package rolling

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/feed"
)

// TestKill kills a worker and then the leader with kill -9: their APIs are polled by others within 5 s where workers gossip,
// and within the session timeout and 5 s where they do not.
func TestKill(t *testing.T) {
	binary := build(t)
	for gossip, limit := range map[bool]time.Duration{true: 5 * time.Second, false: session + 5*time.Second} {
		t.Run(fmt.Sprintf("gossip=%t", gossip), func(t *testing.T) {
			t.Parallel()
			kill(t, binary, gossip, limit)
		})
	}
}

func kill(t *testing.T, binary string, gossip bool, limit time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s := newScene(t, kafka.Shared(t, *version).Bootstrap, binary)
	s.fleet.Properties["gossip.enabled"] = fmt.Sprint(gossip)
	f := s.serve(feed.Config{Connectors: 4, APIs: 3, Interval: 200 * time.Millisecond})
	s.up(ctx, workers(3)...)
	s.create(ctx, "w3", f)
	s.even(ctx, "w3")
	what := fmt.Sprintf("3 workers, 12 APIs at 200ms, gossip %t", gossip)
	for _, leader := range []bool{false, true} {
		victim := s.leader(ctx, "w1")
		if !leader {
			victim = s.fleet.Others(victim)[s.rng.IntN(2)]
		}
		silent := s.killed(ctx, victim)
		what += fmt.Sprintf(", %s: polled again after %s", map[bool]string{true: "leader killed", false: "worker killed"}[leader], silent.Round(10*time.Millisecond))
		if silent > limit {
			t.Errorf("the APIs of %s (leader: %t) were polled again after %s, %s is the limit%s", victim, leader, silent, limit, s.complaints())
		}
		if !leader {
			s.up(ctx, victim)
			s.together(ctx, victim)
			s.even(ctx, victim)
		}
	}
	s.verdict(s.judge(ctx), what, "")
}

// flight is how long after a kill a request of the dead can still reach the API, out of the system's buffers.
const flight = 50 * time.Millisecond

// killed ends a worker by kill -9 and says how long it took until the last of its APIs was polled again.
func (s *scene) killed(ctx context.Context, victim string) time.Duration {
	s.t.Helper()
	hers := s.of(s.owners(ctx, s.fleet.Others(victim)[0]), victim)
	if len(hers) == 0 {
		s.t.Fatalf("%s runs nothing", victim)
	}
	s.fail(s.fleet.Worker(victim).Kill())
	at := time.Now()
	s.fleet.Forget(victim)
	return s.again(ctx, hers, at)
}

// again waits until each API has been polled after a time and says how long the last one took.
func (s *scene) again(ctx context.Context, apis []feed.API, at time.Time) time.Duration {
	s.t.Helper()
	at = at.Add(flight)
	s.fail(s.polled(ctx, at, apis, settled))
	var longest time.Duration
	for _, a := range apis {
		r, _ := s.since(a, at)
		longest = max(longest, r.At.Sub(at)+flight)
	}
	return longest
}
