package chain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/test/chain/tree"
	"github.com/headwater/headwater/test/kafka"
)

// TestHandover: lanes that move because a worker joins or leaves stall for less than three seconds; those of a worker that is
// killed for its session at most, and that.
func TestHandover(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	const limit = 3 * time.Second
	s := newScene(t, tree.New(tree.Config{Seed: *seed, Shape: roots(9000), Pages: map[string]int{tree.Root: 1000}}))
	s.up(ctx, "w1", "w2")
	s.create(ctx, "w1", map[string]string{"api2.request.interval.ms": "100"})
	s.spread(ctx, 2)

	var line []string
	for _, step := range []struct {
		what    string
		do      func()
		workers int
		limit   time.Duration
	}{
		{"joins", func() { s.up(ctx, "w3") }, 3, limit},
		{"leaves", func() { s.fail(s.fleet.Leave("w1", leaving)) }, 2, limit},
		{"is killed", func() { s.fail(s.fleet.Worker("w2").Kill()); s.fleet.Forget("w2") }, 1, session + limit},
	} {
		from := max(0, s.tree.Asked()-10*lanes) // the last second: what the dead asked for last counts
		step.do()
		s.spread(ctx, step.workers)
		s.rate(ctx, 2*time.Second) // so that the end of every stall is seen
		moved, longest := s.stalls(from)
		line = append(line, fmt.Sprintf("a worker %s: %d lanes moved, longest stall %s", step.what, moved, longest.Round(time.Millisecond)))
		if moved < lanes/4 || longest >= step.limit {
			t.Errorf("%s, %s is the limit%s", line[len(line)-1], step.limit, s.complaints())
		}
	}
	if n := s.tree.Asked(); n > 8500 {
		t.Errorf("the API was asked %d times for its 9000 items: the stalls may be the end", n)
	}
	s.fail(s.fleet.Leave("w3", alone))
	s.fail(s.watch.Settle(ctx))
	r := s.watch.Judge(s.tree.All(), s.tree.Lists()) // not all was crawled, but nothing twice
	if r.Doubled+r.Wrong+r.Back+r.Errors+r.Odd > 0 {
		t.Errorf("%s\n%s", r.Line(), strings.Join(r.Findings, "\n"))
	}
	fmt.Printf("handover: seed %d, Kafka %s, 15 lanes, each a request every 100ms; %s; doubled %d; again: go test ./test/chain -run '^TestHandover$' -seed %d\n",
		*seed, kafka.Version, strings.Join(line, "; "), r.Doubled, *seed)
}

// alone bounds the end of a worker that nobody is left to take over from.
const alone = 10 * time.Second

// stalls looks at the requests from the n-th on: how many lanes went from one worker to another, and the longest time
// between two requests of any lane.
func (s *scene) stalls(n int) (moved int, longest time.Duration) {
	s.t.Helper()
	lane, before, first := s.laneOf(), map[int32]tree.Request{}, map[int32]string{}
	requests := s.tree.Since(n)
	slices.SortFunc(requests, func(a, b tree.Request) int { return cmp.Compare(a.At, b.At) })
	for _, r := range requests {
		l, known := lane[r.ID]
		if r.Level != tree.Branch || !known {
			continue
		}
		if last, ok := before[l]; ok {
			longest = max(longest, r.At-last.At)
		} else {
			first[l] = r.Worker
		}
		before[l] = r
	}
	for l, last := range before {
		if last.Worker != first[l] {
			moved++
		}
	}
	if len(before) != lanes {
		s.t.Errorf("%d lanes of %d were at work", len(before), lanes)
	}
	return moved, longest
}
