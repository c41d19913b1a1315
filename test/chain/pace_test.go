package chain

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headwater/headwater/test/chain/tree"
	"github.com/headwater/headwater/test/kafka"
)

// TestPace: an API that serves each client one request at a time, 50 ms each, as one with a quota for each key does, is
// crawled faster with each worker: near n times as fast by n workers, as long as there are lanes for all.
func TestPace(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	const length = 6 * time.Second
	s := newScene(t, tree.New(tree.Config{Seed: *seed, Shape: roots(4000), Pages: map[string]int{tree.Root: 500}, On: oneByOne(50 * time.Millisecond)}))
	s.up(ctx, "w1")
	s.create(ctx, "w1", nil)
	var line []string
	var first float64
	for _, n := range []int{1, 2, 4} {
		for i := len(s.fleet.Names()); i < n; i++ {
			s.up(ctx, fmt.Sprintf("w%d", i+1))
		}
		s.spread(ctx, n)
		rate := s.rate(ctx, length)
		if n == 1 {
			first = rate
		}
		line = append(line, fmt.Sprintf("%d: %.1f (%.2f)", n, rate, rate/first))
		if rate < 0.8*float64(n)*first {
			t.Errorf("%d workers crawled %.1f items/s, one %.1f: less than %.1f times as many%s", n, rate, first, 0.8*float64(n), s.complaints())
		}
	}
	if s.tree.Asked() > 3500 {
		t.Errorf("the API was asked %d times for its 4000 items: the last figures are of too little work", s.tree.Asked())
	}
	fmt.Printf("pace: seed %d, Kafka %s, 15 lanes, an API that serves a worker one request of 50ms at a time, items/s by workers (times one): %s; again: go test ./test/chain -run '^TestPace$' -seed %d\n",
		*seed, kafka.Version, strings.Join(line, ", "), *seed)
}

// oneByOne serves each worker one request at a time.
func oneByOne(wait time.Duration) func(tree.Request) tree.Fault {
	var mu sync.Mutex
	queues := map[string]*sync.Mutex{}
	return func(r tree.Request) tree.Fault {
		if r.Level == tree.Root {
			return tree.Fault{}
		}
		mu.Lock()
		if queues[r.Worker] == nil {
			queues[r.Worker] = &sync.Mutex{}
		}
		mine := queues[r.Worker]
		mu.Unlock()
		mine.Lock()
		defer mine.Unlock()
		time.Sleep(wait) // an API that takes its time
		return tree.Fault{}
	}
}

// rate is how many items a second are answered for a while from now on.
func (s *scene) rate(ctx context.Context, length time.Duration) float64 {
	from, began := s.tree.Asked(), time.Now()
	select {
	case <-time.After(length):
	case <-ctx.Done():
	}
	items := 0
	for _, r := range s.tree.Since(from) {
		if r.Level == tree.Branch && r.Status == 200 {
			items++
		}
	}
	return float64(items) / time.Since(began).Seconds()
}
