package rolling

import (
	"context"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/feed"
)

// TestLimit: an API tells one worker to wait. The workers that ask for other APIs of that connector hear of it by gossip and
// wait too; those of another connector are asked as ever.
func TestLimit(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s := newScene(t, kafka.Shared(t, *version).Bootstrap, build(t))
	f := s.serve(feed.Config{Connectors: 2, APIs: 3, Interval: 100 * time.Millisecond})
	s.up(ctx, workers(3)...)
	s.create(ctx, "w1", f)
	s.even(ctx, "w1")
	const wait, told = 3 * time.Second, time.Second
	limited, at := f.Names()[0], time.Now()
	f.Limit(feed.API{Connector: limited, N: 1}, wait)
	s.fail(s.polled(ctx, at.Add(wait), f.APIs(), settled))
	for _, a := range f.APIs() {
		asked := 0
		for _, r := range f.Asked(a) {
			if r.At.After(at.Add(told)) && r.At.Before(at.Add(wait)) {
				asked++
			}
		}
		if waits := a.Connector == limited; waits != (asked == 0) {
			t.Errorf("%s was asked %d times from %s to %s after the limit was set", a, asked, told, wait)
		}
	}
	s.verdict(s.judge(ctx), "3 workers, 6 APIs at 100ms, one connector limited for 3s", "")
}
