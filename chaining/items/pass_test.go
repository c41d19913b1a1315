package items

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/chaining"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// BenchmarkPass takes items through the lanes of a worker as crawling does: they are announced, given out one by one while
// those before are busy, committed in groups, and their progress comes back. Deep announces all of them first; Short, a group
// at a time.
func BenchmarkPass(b *testing.B) {
	const n, group = 60_000, 50
	for name, ahead := range map[string]int{"Deep": n / chaining.Lanes, "Short": group} {
		b.Run(name, func(b *testing.B) {
			var spent time.Duration
			for b.Loop() {
				lanes, queues := passing(b, n/chaining.Lanes)
				start := cpu()
				for at := 0; at < n/chaining.Lanes; at += ahead {
					for i, l := range lanes {
						apply(b, l, queues[i][at:at+ahead])
					}
					for range ahead / group {
						for _, l := range lanes {
							pass(b, l, group)
						}
					}
				}
				spent += cpu() - start
				if testing.Verbose() {
					b.Log(lanes[0].store.db.Metrics())
				}
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N)/n, "cpu-ns/item")
		})
	}
}

// passing is all lanes of a connector, and what is to be announced in each.
func passing(b *testing.B, each int) (lanes []*Lane, queues [][]Entry) {
	s := store(b)
	for i := range chaining.Lanes {
		lanes = append(lanes, s.Lane(fmt.Sprint("c-", i)))
		queues = append(queues, newQueue(byte(i), false).take(each))
	}
	return lanes, queues
}

// pass does one group of items.
func pass(b *testing.B, l *Lane, group int) {
	busy, now := make(map[chaining.ID]bool, group), time.UnixMilli(1764284800000)
	crawled, echo := make([]chaining.Crawled, group), make([]Entry, group)
	for i := range crawled {
		it, ok, _, err := l.Next(2, now, func(id chaining.ID) bool { return busy[id] })
		if err != nil || !ok {
			b.Fatal(ok, err)
		}
		busy[it.ID] = true
		p := done(it.Announcement.GetEmission(), 1)
		raw, _ := proto.Marshal(p)
		crawled[i] = chaining.Crawled{Child: 2, ID: it.ID, Progress: p, Encoded: raw}
		echo[i] = Entry{Key: chaining.Key{Kind: chaining.Progressed, Child: 2, ID: it.ID}, Value: raw, At: 1 << 40}
	}
	if err := l.Commit(crawled...); err != nil {
		b.Fatal(err)
	}
	apply(b, l, echo)
}

// TestEncodedComesBack: progress is stored as it stands in the queue, and known again when it comes from there: only what the
// lane does not know again protects its own from a tombstone.
func TestEncodedComesBack(t *testing.T) {
	l := store(t).Lane("c-0")
	p := &headwaterv1.Progress{Serves: 7, State: headwaterv1.Progress_DONE, Revision: 1}
	tell(t, l, true, announce(1, 7, 0))
	echo := progress(1, p)
	if err := l.Commit(chaining.Crawled{Child: 2, ID: id(2, 1), Progress: p, Encoded: echo.Value}); err != nil {
		t.Fatal(err)
	}
	tell(t, l, true, tombstone(echo))
	check(t, l, Idle, -1)
	if it, ok, err := l.Get(2, id(2, 1)); !ok || err != nil || !proto.Equal(it.Progress, p) {
		t.Errorf("got %v %v %v", it, ok, err)
	}
	tell(t, l, true, echo)
	if len(l.own) != 0 {
		t.Errorf("%d are still on their way back", len(l.own))
	}
	tell(t, l, true, tombstone(echo))
	check(t, l, Waiting, 0)
}
