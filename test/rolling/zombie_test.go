package rolling

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/feed"
	"github.com/headwater/headwater/test/rolling/fleet"
)

// TestZombies freezes workers, one or two of three at a time, for longer than their session, while the others take their
// APIs over, and thaws them: nothing that they wrote may show, and they take part again.
func TestZombies(t *testing.T) {
	binary := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+time.Duration(*zombies)*time.Minute)
	defer cancel()
	s := newScene(t, kafka.Shared(t, *version).Bootstrap, binary)
	f := s.serve(feed.Config{Connectors: 12, APIs: 5, Interval: 500 * time.Millisecond})
	s.up(ctx, workers(3)...)
	s.create(ctx, "w1", f)
	s.even(ctx, "w1")
	haunted, frozen := 0, 0
	for frozen < *zombies {
		n := 1 + (frozen+*zombies+1)%2 // five: one, two, two
		var victims []string
		for _, i := range s.rng.Perm(3)[:min(n, *zombies-frozen)] {
			victims = append(victims, workers(3)[i])
		}
		haunted += s.freeze(ctx, victims)
		frozen += len(victims)
	}
	s.verdict(s.judge(ctx), fmt.Sprintf("3 workers, 60 APIs at 500ms, %d workers frozen past their session with %d APIs", frozen, haunted),
		fmt.Sprintf(" -zombies %d", *zombies))
}

// freeze stops workers for longer than their session, thaws them when others have their APIs, and waits until all take
// part again. It returns how many APIs the frozen ones had.
func (s *scene) freeze(ctx context.Context, victims []string) int {
	s.t.Helper()
	awake := s.fleet.Others(victims...)[0]
	theirs := s.of(s.owners(ctx, awake), victims...)
	at := time.Now()
	for _, v := range victims {
		s.fail(s.fleet.Worker(v).Stop())
	}
	s.fail(s.takenOver(ctx, awake, theirs, victims))
	s.again(ctx, theirs, time.Now())
	select { // past the session, also where gossip was quicker
	case <-time.After(time.Until(at.Add(session + time.Second))):
	case <-ctx.Done():
	}
	thawed := time.Now()
	for _, v := range victims {
		s.fail(s.fleet.Worker(v).Continue())
	}
	s.together(ctx, awake)
	s.even(ctx, awake)
	s.fail(s.polled(ctx, thawed.Add(time.Second), s.apis(), settled))
	return len(theirs)
}

// takenOver waits until all of these APIs are with workers that are not frozen.
func (s *scene) takenOver(ctx context.Context, ask string, apis []feed.API, frozen []string) error {
	return fleet.Await(ctx, settled, strings.Join(frozen, " and ")+" to lose their APIs", func(ctx context.Context) error {
		tasks, err := s.fleet.Worker(ask).Assignments(ctx)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			if t.Worker == "" || slices.Contains(frozen, t.Worker) {
				return fmt.Errorf("%s is with %q, %v", t.Task, t.Worker, fleet.Counts(tasks))
			}
		}
		return nil
	})
}
