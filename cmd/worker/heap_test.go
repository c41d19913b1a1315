package main

import (
	"os"
	"path/filepath"
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
		{"nothing has been collected yet", roots{}, 1000},
		{"a tiny heap may not grow at once to the room", roots{live: 1 << 20}, 1000},
		{"a small heap may grow to the room", roots{live: 20 << 20}, 700},
		{"what leads into it counts as the runtime counts it", roots{live: 20 << 20, others: 20 << 20}, 350},
		{"a large heap may double", roots{live: 90 << 20}, 100},
	} {
		if got := percentFor(160<<20, c.r); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
	if got := percentFor(24<<20, roots{}); got != 600 {
		t.Errorf("with little room, of which the least heap is a part: %d, want 600", got)
	}
}

func TestRoomIn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "memory.max")
	for text, want := range map[string]uint64{"max\n": heapRoom, "134217728\n": 32 << 20, "8589934592\n": heapRoom} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := roomIn(file); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if got := roomIn(file + ".not"); got != heapRoom {
		t.Errorf("no container: %d", got)
	}
}

var garbage []byte

// TestCollectLate: what would have been collected dozens of times is collected a few times.
func TestCollectLate(t *testing.T) {
	t.Setenv("GOGC", "") // as where nobody asks for anything else
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	runtime.GC()
	collectLate()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 512 << 10 { // 512 MiB
		garbage = make([]byte, 1<<10)
	}
	runtime.ReadMemStats(&after)
	if n := after.NumGC - before.NumGC; n > 24 {
		t.Errorf("collected %d times", n)
	}
	if after.HeapSys > 192<<20 {
		t.Errorf("the heap took %d MiB", after.HeapSys>>20)
	}
}
