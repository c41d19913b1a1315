package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestPercentFor(t *testing.T) {
	for _, c := range []struct {
		what string
		r    roots
		want int
	}{
		{"the least heap is in proportion", roots{live: 1 << 20}, 4000},
		{"nothing has been collected yet", roots{}, 4000},
		{"a small heap may grow to the room", roots{live: 10 << 20}, 1500},
		{"what leads into it counts as the runtime counts it", roots{live: 10 << 20, others: 10 << 20}, 750},
		{"a large heap may double", roots{live: 90 << 20}, 100},
	} {
		if got := percentFor(160<<20, c.r); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

var garbage []byte

// TestCollectLate: what would have been collected dozens of times is collected a few times.
func TestCollectLate(t *testing.T) {
	t.Setenv("GOGC", "") // as where nobody asks for anything else
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	runtime.GC()
	collectLate(64 << 20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 512 << 10 { // 512 MiB
		garbage = make([]byte, 1<<10)
	}
	runtime.ReadMemStats(&after)
	if n := after.NumGC - before.NumGC; n > 16 {
		t.Errorf("collected %d times", n)
	}
	if after.HeapSys > 128<<20 {
		t.Errorf("the heap took %d MiB", after.HeapSys>>20)
	}
}
