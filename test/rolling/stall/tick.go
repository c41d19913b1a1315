package stall

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Tick is the idle control: n clocks that wait interval after interval until ctx ends, and do nothing else. Each tick is a
// line on to. How late they are is what the machine itself does to a process.
func Tick(ctx context.Context, to io.Writer, n int, interval time.Duration) error {
	var mu sync.Mutex
	var all sync.WaitGroup
	w := bufio.NewWriter(to)
	for i := range n {
		all.Go(func() {
			for wait(ctx, interval) {
				mu.Lock()
				fmt.Fprintln(w, i, time.Now().UnixNano())
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return w.Flush()
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Ticks reads what Tick wrote and lists the gaps of each clock, from start for length. It is an error when no clock ticked.
func Ticks(from io.Reader, start time.Time, length, interval time.Duration) ([]Gap, error) {
	asked := map[int][]time.Duration{}
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		var i int
		var at int64
		if _, err := fmt.Fscan(strings.NewReader(lines.Text()), &i, &at); err != nil {
			return nil, fmt.Errorf("idle control wrote %q: %w", lines.Text(), err)
		}
		asked[i] = append(asked[i], time.Unix(0, at).Sub(start))
	}
	if len(asked) == 0 {
		return nil, fmt.Errorf("the idle control never ticked")
	}
	var out []Gap
	for i := range len(asked) {
		out = append(out, Gaps(i, asked[i], interval, length)...)
	}
	return out, lines.Err()
}
