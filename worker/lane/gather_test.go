package lane

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestPagesOfManyItemsGoTogether: while requests are under way, pages wait for each other; a transaction a page would cost
// the broker dearly.
func TestPagesOfManyItemsGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, "api2.request.interval.ms", "0")
		h.fails = func(string) error { time.Sleep(10 * time.Millisecond); return nil }
		const items = 50
		for n := range items {
			h.announce(1, fmt.Sprint(n))
		}
		_ = h.during(t, time.Second, nothing)
		// 500 ms of requests, in groups of 100 ms.
		if len(h.requests) != items || h.commits < 5 || h.commits > 7 {
			t.Errorf("%d commits for %d requests", h.commits, len(h.requests))
		}
	})
}

// TestNoPageWaitsForNothing: with no other request under way, a page is committed at once. The second page of an item is
// asked for after the commit of the first, so waiting would show in the times.
func TestNoPageWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, "api2.request.interval.ms", "20", "api2.chaining.items.in.flight", "2")
		h.places["1"] = 4
		h.announce(1, "1")
		_ = h.during(t, time.Second, nothing)
		h.wants(t, "1@0 1@2 1@4")
		if fmt.Sprint(h.times) != "[0s 20ms 40ms]" || h.commits != 3 {
			t.Errorf("asked at %v, %d commits", h.times, h.commits)
		}
	})
}
