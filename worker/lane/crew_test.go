package lane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/worker/hold"
)

// post is a crew of lanes that rest, under a group that says what the test says.
type post struct {
	*Crew
	mu        sync.Mutex
	assigned  []int32
	changed   chan struct{}
	committed map[int32]int64 // last
	oldest    map[int32]int64 // -1: nobody can say
	closed    []int32
}

func newPost(t *testing.T, linger time.Duration, lanes ...int32) *post {
	t.Helper()
	p := &post{assigned: lanes, changed: make(chan struct{}), committed: map[int32]int64{}, oldest: map[int32]int64{}}
	p.Crew = &Crew{Connector: "c", Group: p, Lease: p, Log: slog.New(slog.DiscardHandler), Linger: linger}
	p.Open = func(lane int32, lease hold.Lease, _ func(error)) OpenLane {
		h := newHouse(t)
		h.Lease = lease
		return resting{p, lane, h.Lane}
	}
	return p
}

// Check implements hold.Lease.
func (p *post) Check(context.Context) error { return nil }

// Assigned implements Group.
func (p *post) Assigned() []int32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.assigned
}

// Changed implements Group.
func (p *post) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// Commit implements Group.
func (p *post) Commit(_ context.Context, offsets map[int32]int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.committed = offsets
	return nil
}

func (p *post) assign(lanes ...int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.assigned = lanes
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *post) says(lane int32, oldest int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.oldest[lane] = oldest
}

func (p *post) reported() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprint(p.committed)
}

// resting is a lane of a post.
type resting struct {
	p    *post
	n    int32
	lane *Lane
}

func (r resting) CatchUp(context.Context) error { return nil }
func (r resting) Lane() *Lane                   { return r.lane }

func (r resting) Oldest() (int64, error) {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	if at := r.p.oldest[r.n]; at >= 0 {
		return at, nil
	}
	return 0, errors.New("in doubt")
}

func (r resting) Close() {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	r.p.closed = append(r.p.closed, r.n)
}

// during runs the crew while the test goes on.
func (p *post) during(t *testing.T, test func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	test()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestReport: the group offsets are what the lanes say, of those that the group gives to this worker; a lane that cannot
// say is left out rather than guessed, and one that lingers here is its next holder's to report.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t, time.Minute, 1, 2, 3)
		p.says(1, 10)
		p.says(2, 20)
		p.says(3, -1)
		p.during(t, func() {
			time.Sleep(look + time.Millisecond)
			if got := p.reported(); got != "map[1:10 2:20]" {
				t.Error(got)
			}
			p.says(2, 25)
			time.Sleep(look)
			if got := p.reported(); got != "map[1:10 2:25]" {
				t.Error(got)
			}
			p.assign(1, 3)
			time.Sleep(look)
			if got := p.reported(); got != "map[1:10]" {
				t.Error(got)
			}
		})
	})
}

// TestARevokedLane goes on until it has nothing to do, and ends at once where nobody can be fenced.
func TestARevokedLane(t *testing.T) {
	for linger, most := range map[time.Duration]time.Duration{0: 0, time.Minute: 3 * look} {
		synctest.Test(t, func(t *testing.T) {
			p := newPost(t, linger, 1, 2)
			p.during(t, func() {
				time.Sleep(look / 2)
				p.assign(1)
				time.Sleep(most + restartPause + time.Millisecond)
				p.mu.Lock()
				closed := fmt.Sprint(p.closed)
				p.mu.Unlock()
				if closed != "[2]" || len(p.Lanes()) != 1 {
					t.Errorf("with linger %s lanes %s were closed, %d run", linger, closed, len(p.Lanes()))
				}
			})
		})
	}
}

// TestALaneThatNeedsAPerson says so for each of its child APIs: nothing is crawled on it until somebody has looked.
func TestALaneThatNeedsAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.commit = func(int) error { return &fault.Error{Op: "commit", Err: errors.New("not authorised")} }
		h.announce(1, "17")
		if err := h.during(t, time.Minute, nothing); err == nil || fmt.Sprint(h.stopped) != "[2]" {
			t.Errorf("%v; stopped: %v", err, h.stopped)
		}
	})
}
