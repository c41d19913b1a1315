package lane

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// quiet is a work queue in which nothing is due, with a broker that takes everything; it counts claims and keeps what was
// committed.
type quiet struct {
	mu      sync.Mutex
	claims  int
	open    bool
	written []record.Message
	known   *Progress
}

func (q *quiet) Check(context.Context) error { return nil }

func (q *quiet) Claim(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.claims++
	q.open = true
	return nil
}

func (q *quiet) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open = false
}

func (q *quiet) claimed() (claims int, open bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.claims, q.open
}

// committer is its broker side, items its other one: both have a method Commit.
type committer struct{ *quiet }

func (c committer) Commit(_ context.Context, batches []record.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range batches {
		c.written = append(c.written, *b.Offset)
	}
	return nil
}

type stored struct{ *quiet }

func (s stored) Next(int, time.Time, func(chaining.ID) bool) (chaining.Queued, bool, time.Time, error) {
	return chaining.Queued{}, false, time.Time{}, nil
}

func (s stored) Commit(all ...chaining.Crawled) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = all[len(all)-1].Progress
	return nil
}

// A lane that rests, since nothing was due for long, claims again for a person's wish and rests again afterwards.
func TestAmendWakesALaneThatRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &quiet{}
		l := &Lane{
			Task: "orders/q3", Topic: "q", Committer: committer{q}, Lease: q, Items: stored{q}, Synced: func(context.Context) error { return nil },
			Children: []*Child{{API: connector.API{N: 2}}}, Log: slog.New(slog.DiscardHandler),
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		time.Sleep(time.Hour)
		if claims, open := q.claimed(); claims != 1 || open {
			t.Errorf("%d claims, open %t: it does not rest", claims, open)
		}
		item := func() (chaining.Queued, error) { return chaining.Queued{Child: 2}, nil }
		change := func(chaining.Queued) (*Progress, error) {
			return &Progress{State: headwaterv1.Progress_OPEN, Revision: 8}, nil
		}
		began := time.Now()
		if err := l.Amend(ctx, item, change); err != nil {
			t.Error(err)
		}
		if claims, open := q.claimed(); claims != 2 || !open || len(q.written) != 1 || q.known.GetRevision() != 8 || time.Since(began) > time.Second {
			t.Errorf("%d claims, open %t, %d written, %v", claims, open, len(q.written), q.known)
		}
		time.Sleep(time.Hour)
		if claims, open := q.claimed(); claims != 2 || open {
			t.Errorf("%d claims, open %t: it does not rest again", claims, open)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Amend waits for its time, and not for longer.
func TestAmendOfALaneThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Lane{Task: "orders/q3"}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		err := l.Amend(ctx, nil, nil)
		if e, ok := errors.AsType[*fault.Error](err); !ok || e.Kind != fault.Retriable || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
