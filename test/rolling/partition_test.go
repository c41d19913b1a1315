package rolling

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/feed"
)

// TestPartition cuts a worker off from Kafka, silently and from nothing else: its APIs still answer it. It must stop asking
// them by its own clock before another worker begins to, and take part again when the cable is whole.
func TestPartition(t *testing.T) {
	binary := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cable := newWire(t)
	broker := kafka.Start(t, kafka.Options{TransactionVersion: *version})
	address := cable.listen(ctx, t, broker)
	s := newScene(t, broker.Bootstrap, binary)
	s.fleet.Properties["gossip.enabled"] = "false" // it would need a key, and the cut is to show at Kafka alone
	f := s.serve(feed.Config{Connectors: 4, APIs: 3, Interval: 200 * time.Millisecond, Listen: cable.apis + ":0"})
	s.up(ctx, "w1") // the first one leads, the one inside does not
	s.up(ctx, "w2")
	s.fleet.Binary = cable.inside(t, binary)
	_, err := s.fleet.Start("w3", map[string]string{"bootstrap.servers": address})
	s.fail(err)
	s.together(ctx, "w1")
	s.create(ctx, "w1", f)
	s.even(ctx, "w1")

	theirs := s.of(s.owners(ctx, "w1"), "w3")
	s.fail(cable.cut())
	at := time.Now()
	s.fail(s.takenOver(ctx, "w1", theirs, []string{"w3"}))
	silent, margin := s.succeeded(ctx, theirs, cable.here, at)
	if margin <= 0 {
		t.Errorf("the worker that was cut off still asked %s after its successor had begun", -margin)
	}
	s.fail(cable.heal())
	healed := time.Now()
	s.together(ctx, "w1")
	s.even(ctx, "w1")
	s.fail(s.polled(ctx, time.Now(), s.apis(), settled))
	if !s.askedFrom(f, cable.here, healed) {
		t.Errorf("the worker that was cut off asks nothing after it has its share again%s", s.complaints())
	}
	s.verdict(s.judge(ctx), fmt.Sprintf("3 workers, 12 APIs at 200ms, one worker cut off from Kafka: it stopped at least %s before its successors, whose first request came after at most %s",
		margin.Round(time.Millisecond), silent.Round(10*time.Millisecond)), "")
}

// succeeded waits until others than the one at an address ask each API. It returns how long after at the last of them
// began, and the least time between the last request from that address and the first one from elsewhere.
func (s *scene) succeeded(ctx context.Context, apis []feed.API, address string, at time.Time) (silent, margin time.Duration) {
	s.t.Helper()
	margin = time.Hour
	for _, a := range apis {
		for { // until somebody else asks
			s.fail(s.polled(ctx, at, []feed.API{a}, settled))
			last, first, ok := handedOver(s.asked(a), address, at)
			if !ok {
				at2 := time.Now()
				s.fail(s.polled(ctx, at2, []feed.API{a}, settled))
				continue
			}
			silent, margin = max(silent, first.Sub(at)), min(margin, first.Sub(last))
			break
		}
	}
	return silent, margin
}

// handedOver finds the first request from elsewhere after at, and the last one from the address.
func handedOver(all []feed.Request, address string, at time.Time) (last, first time.Time, ok bool) {
	last = at
	for _, r := range all {
		switch {
		case r.From == address:
			last = r.At
		case r.At.After(at) && !ok:
			first, ok = r.At, true
		}
	}
	return last, first, ok
}

func (s *scene) asked(a feed.API) (all []feed.Request) {
	for _, f := range s.feeds {
		all = append(all, f.Asked(a)...)
	}
	return all
}

// askedFrom says whether anything was asked from an address after a time.
func (s *scene) askedFrom(f *feed.Feed, address string, after time.Time) bool {
	for _, a := range f.APIs() {
		for _, r := range f.Asked(a) {
			if r.From == address && r.At.After(after) {
				return true
			}
		}
	}
	return false
}
