package chain

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headwater/headwater/test/chain/tree"
)

// TestWait: an item whose API says when to come again, and one that fails time after time, hold back no other, in their
// own lanes neither.
func TestWait(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	const patience = 5 * time.Second
	shape := roots(150)
	for r := range shape {
		shape[r] = make([]int, 3) // three pages
	}
	s := newScene(t, tree.New(tree.Config{
		Seed: *seed, Shape: shape, Pages: map[string]int{tree.Root: 500, tree.Branch: 1},
		On: func(r tree.Request) tree.Fault {
			switch {
			case r.Level == tree.Branch && r.ID == "r0" && r.Times == 0:
				return tree.Fault{Status: http.StatusServiceUnavailable, RetryAfter: "5"}
			case r.Level == tree.Branch && r.ID == "r2" && r.Times == 0:
				return tree.Fault{Status: http.StatusTooManyRequests, RetryAfter: "5"}
			case r.Level == tree.Branch && r.ID == "r1" && r.Times < 3:
				return tree.Fault{Status: http.StatusInternalServerError}
			}
			return slowly(30 * time.Millisecond)(r)
		},
	}))
	s.up(ctx, "w1")
	s.create(ctx, "w1", map[string]string{"api2.retry.backoff.ms": "2000", "api2.request.interval.ms": "10"})
	s.fail(s.crawled(ctx))
	said, limited := s.held("r0", patience), s.held("r2", patience)
	failed := s.held("r1", 3*2*time.Second)
	r := s.judge(ctx)
	fmt.Printf("wait: an item told to wait for %s: by 503 %s, by 429 %s; one that failed three times, 2s apart: %s; %s; again: go test ./test/chain -run '^TestWait$' -seed %d\n",
		patience, said, limited, failed, r.Line(), *seed)
	if !r.OK() {
		t.Errorf("%v\nfiles of the workers: %s%s", r.Findings, s.fleet.Dir, s.complaints())
	}
}

// TestLimited: 429 with Retry-After to one item after the other is said to the connector as a whole, as everywhere
// (test/rolling's TestLimit): nobody asks for a child until then. Nobody's work is lost by it, and all go on at once.
func TestLimited(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	const patience = 3 * time.Second
	var limit sync.Once
	var until atomic.Int64
	s := newScene(t, tree.New(tree.Config{
		Seed: *seed, Shape: roots(600), Pages: map[string]int{tree.Root: 500},
		On: func(r tree.Request) tree.Fault {
			if r.Level == tree.Branch && r.ID == "r30" {
				limit.Do(func() { until.Store(time.Now().Add(time.Second).UnixNano()) })
			}
			if r.Level == tree.Branch && time.Now().UnixNano() < until.Load() {
				return tree.Fault{Status: http.StatusTooManyRequests, RetryAfter: "3"}
			}
			return slowly(30 * time.Millisecond)(r)
		},
	}))
	s.up(ctx, "w1", "w2")
	s.create(ctx, "w1", map[string]string{"api2.request.interval.ms": "100"})
	s.fail(s.crawled(ctx))
	pause := s.silence("r30")
	r := s.judge(ctx)
	fmt.Printf("limited: 2 workers, items answered by 429 with Retry-After: 3 for 1s, all were silent for %s; %s; again: go test ./test/chain -run '^TestLimited$' -seed %d\n",
		pause.Round(10*time.Millisecond), r.Line(), *seed)
	if pause < patience-time.Second || pause > patience+time.Second || !r.OK() {
		t.Errorf("%s of silence, %v\nfiles of the workers: %s%s", pause, r.Findings, s.fleet.Dir, s.complaints())
	}
}

// silence is the longest pause in the requests for children after one of an item was answered by 429.
func (s *scene) silence(id string) (longest time.Duration) {
	var last time.Duration
	for _, r := range s.tree.Log() {
		switch {
		case r.ID == id && r.Status == http.StatusTooManyRequests:
			last = r.At
		case r.Level == tree.Branch && last > 0:
			longest, last = max(longest, r.At-last), r.At
		}
	}
	return longest
}

// held looks at the lane of an item that had to wait: the item was not asked for before its time, nor long after, and all
// others were crawled meanwhile, without a pause.
func (s *scene) held(id string, patience time.Duration) string {
	s.t.Helper()
	lane := s.laneOf()
	var first, last, answered, longest time.Duration
	others := 0
	for _, r := range s.tree.Log() {
		switch {
		case r.Level != tree.Branch || lane[r.ID] != lane[id]:
		case r.ID != id:
			if first > 0 {
				longest = max(longest, r.At-max(last, first))
				others++
			}
			last = max(last, r.At)
		case r.Status >= 400 && first == 0:
			first = r.At
		case r.Status == http.StatusOK && answered == 0:
			answered = r.At
		}
	}
	waited := answered - first
	if waited < patience || waited > patience+3*time.Second {
		s.t.Errorf("%s waited for %s, %s was asked of it", id, waited, patience)
	}
	if others < 10 || last > answered || longest > 2*time.Second {
		s.t.Errorf("beside %s, which waited from %s to %s, %d requests were answered in lane %d, the last at %s, the longest pause was %s",
			id, first, answered, others, lane[id], last, longest)
	}
	return fmt.Sprintf("answered after %s, %d requests of its lane done by then, longest pause %s", waited.Round(10*time.Millisecond), others, longest.Round(time.Millisecond))
}
