package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
)

// heapRoom is how far the heap may grow before the collector is of use; in a container at most a quarter of its memory. A
// worker's live heap is often a few MiB, and Go's rule, to collect when it has doubled, would then collect many times a
// second; each time it would also empty the pools of buffers that the next requests need. Above half of heapRoom Go's rule
// holds.
const heapRoom = 128 << 20

// memoryLimit is where a container finds the limit of its memory.
const memoryLimit = "/sys/fs/cgroup/memory.max"

// collectLate has the collector wait until the heap has reached heapRoom. GOGC in the environment is obeyed instead; so is
// GOMEMLIMIT, which the runtime holds against whatever is set here.
func collectLate() {
	if os.Getenv("GOGC") == "" {
		room := roomIn(memoryLimit)
		eachCollection(func() { debug.SetGCPercent(percentFor(room, scanned())) })
	}
}

// roomIn is heapRoom, or less where the file has a limit.
func roomIn(file string) uint64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return heapRoom // no container
	}
	limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return heapRoom // "max"
	}
	return min(heapRoom, limit/4)
}

// eachCollection calls do now and after every run of the collector.
func eachCollection(do func()) {
	do()
	sentinel := new([32]byte) // too large to share a block with what lives on
	runtime.AddCleanup(sentinel, eachCollection, do)
}

// roots is what the last run of the collector found: bytes of the heap, and those that lead into it.
type roots struct{ live, others uint64 }

func scanned() roots {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(s)
	return roots{s[0].Value.Uint64(), s[1].Value.Uint64() + s[2].Value.Uint64()}
}

// leastHeap is the heap that the runtime lets grow under GOGC=100 however little lives; under others it is in proportion.
// mostPercent bounds what may come between two runs where much of it turns out to live.
const (
	leastHeap   = 4 << 20
	mostPercent = 1000
)

// percentFor is the GOGC under which the next run begins at room bytes, or when the heap has doubled.
func percentFor(room uint64, r roots) int {
	if 2*r.live+r.others >= room {
		return 100
	}
	return int(min((room-r.live)*100/max(r.live+r.others, 1), room*100/leastHeap, mostPercent))
}
