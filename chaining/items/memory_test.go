package items

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headwater/headwater/chaining"
)

// resident returns the process's resident memory in MiB.
func resident(t *testing.T) (mib int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("needs /proc")
	}
	_, line, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(line, &mib); err != nil {
		t.Fatal(err)
	}
	return mib >> 10
}

// TestFifteenMillionItemsFitTheBudget: a worker that holds all lanes of 15 million items stays within 256 MiB, while it
// tails them and while it does them, and may look at them at any time. HEADWATER_SOAK=1 takes them all, a number that many.
func TestFifteenMillionItemsFitTheBudget(t *testing.T) {
	n := 15_000_000
	switch soak := os.Getenv("HEADWATER_SOAK"); soak {
	case "":
		t.Skip("takes minutes and two gigabytes of disk: HEADWATER_SOAK=1")
	case "1":
	default:
		if _, err := fmt.Sscan(soak, &n); err != nil {
			t.Fatal(err)
		}
	}
	s := store(t)
	debug.FreeOSMemory()
	before, most := resident(t), atomic.Int64{}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				most.Store(max(most.Load(), int64(resident(t))))
			}
		}
	}()
	lanes, queues := make([]*Lane, chaining.Lanes), make([]*queue, chaining.Lanes)
	for i := range lanes {
		lanes[i], queues[i] = s.Lane(fmt.Sprint("c-", i)), newQueue(byte(i), false)
	}
	start := time.Now()
	const turn = 10_000
	for range n / len(lanes) / turn {
		for i, l := range lanes {
			fill(t, l, queues[i], turn)
		}
	}
	t.Logf("tailed: %.0f items/s, %d MiB of memory at most", float64(n)/time.Since(start).Seconds(), most.Load()-int64(before))
	start = time.Now()
	for _, l := range lanes {
		drainTenths(t, l, 20_000)
	}
	t.Logf("done: %.0f items/s, %d MiB of memory at most", 20_000*15/time.Since(start).Seconds(), most.Load()-int64(before))
	close(stop)
	<-stopped
	if cost := most.Load() - int64(before); cost > 256 {
		t.Errorf("cost %d MiB", cost)
	}
	t.Log(s.db.Metrics())
}
