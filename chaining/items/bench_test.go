package items

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/chaining"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// queue makes the records of a lane of n items, in their order.
type queue struct {
	done   bool // each item is done before
	random *rand.ChaCha8
	next   int64
}

func newQueue(seed byte, done bool) *queue {
	return &queue{done: done, random: rand.NewChaCha8([32]byte{seed})}
}

// take returns the records of n more items: an announcement of about 150 bytes each, and a progress when they are done.
func (q *queue) take(n int) (out []Entry) {
	for range n {
		var id chaining.ID
		_, _ = q.random.Read(id[:])
		key := chaining.Key{Kind: chaining.Announced, Child: 2, ID: id}
		number := binary.BigEndian.Uint64(id[:])
		a := &headwaterv1.Announcement{
			Child: 2, Parent: 1, Depth: 1, Emission: 1764284800000 + q.next, UnixMs: 1764284800000 + q.next,
			Values: []*headwaterv1.Value{{Name: "customer", Value: fmt.Sprint(number)}},
			Fields: []*headwaterv1.Value{{Name: "name", Value: `"` + strings.Repeat(fmt.Sprintf("%x", number), 4) + `"`}},
		}
		raw, _ := proto.Marshal(a)
		out = append(out, Entry{Key: key, Value: raw, At: q.next})
		q.next++
		if q.done {
			raw, _ = proto.Marshal(done(a.Emission, 1))
			key.Kind = chaining.Progressed
			out = append(out, Entry{Key: key, Value: raw, At: q.next})
			q.next++
		}
	}
	return out
}

func done(serves, revision int64) *headwaterv1.Progress {
	return &headwaterv1.Progress{
		Serves: serves, Revision: revision, State: headwaterv1.Progress_DONE, UnixMs: serves + 1000,
		Offset: []byte(`{"offset":"2026-01-31T10:00:00.000Z"}`),
	}
}

// fill applies n items, as a tail does that gets a thousand records at a time.
func fill(tb testing.TB, l *Lane, q *queue, n int) {
	tb.Helper()
	for n > 0 {
		apply(tb, l, q.take(min(n, 1000)))
		n -= min(n, 1000)
	}
}

func apply(tb testing.TB, l *Lane, entries []Entry) {
	tb.Helper()
	if _, err := l.Apply(entries); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkTail reads a queue of a million items that are done, or wait. The time is per item; making the records is part of it.
func BenchmarkTail(b *testing.B) {
	for name, finished := range map[string]bool{"Waiting": false, "Done": true} {
		b.Run(name, func(b *testing.B) {
			start := cpu()
			for b.Loop() {
				l := store(b).Lane("c-0")
				fill(b, l, newQueue(1, finished), 1_000_000)
				if testing.Verbose() {
					b.Log(l.store.db.Metrics())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/item")
			b.ReportMetric(float64((cpu()-start).Nanoseconds())/float64(b.N)/1e6, "cpu-ns/item")
		})
	}
}

// BenchmarkDrain does all items of a lane. It shows the rate of the first, and of the last tenth.
func BenchmarkDrain(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var first, last, all, spent time.Duration
			for range b.N {
				l := store(b).Lane("c-0")
				fill(b, l, newQueue(1, false), n)
				start := cpu()
				times := drainTenths(b, l, n)
				spent += cpu() - start
				first, last = first+times[0], last+times[9]
				for _, d := range times {
					all += d
				}
			}
			rate := func(n int, d time.Duration) float64 { return float64(n) * float64(b.N) / d.Seconds() }
			b.ReportMetric(rate(n, all), "items/s")
			b.ReportMetric(rate(n, spent), "items/cpu-s")
			b.ReportMetric(rate(n/10, first), "first/s")
			b.ReportMetric(rate(n/10, last), "last/s")
		})
	}
}

// drainTenths does n items and returns how long each tenth of them took.
func drainTenths(tb testing.TB, l *Lane, n int) (times [10]time.Duration) {
	tb.Helper()
	now := time.UnixMilli(1764284800000)
	for i := range times {
		start := time.Now()
		for range n / 10 {
			it, ok, _, err := l.Next(2, now, nil)
			if err != nil || !ok {
				tb.Fatal(ok, err)
			}
			if err := l.Commit(chaining.Crawled{Child: 2, ID: it.ID, Progress: done(it.Announcement.GetEmission(), it.Progress.GetRevision()+1)}); err != nil {
				tb.Fatal(err)
			}
		}
		times[i] = time.Since(start)
	}
	return times
}

// cpu is the time that all threads of the process have computed, which says more on a machine that is not idle.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
