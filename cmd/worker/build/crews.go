package build

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/worker/hold"
)

// Crews keeps the work queues that run here equal to those that are wanted.
type Crews struct {
	Start func(ctx context.Context, want coordinator.WantLanes) (*Crew, error)
	Log   *slog.Logger

	mu      sync.Mutex
	running map[string]*crewRun
	all     sync.WaitGroup
}

// crewRun is one crew at work.
type crewRun struct {
	epoch  int64
	ctx    context.Context // over once it is not wanted any more
	cancel context.CancelFunc
	done   chan struct{}

	mu   sync.Mutex
	crew *Crew // nil while it is being started
}

// Apply stops what is no longer wanted and starts what is new; it does not wait: a crew that is wanted anew starts when its
// former run has ended.
func (s *Crews) Apply(want map[string]coordinator.WantLanes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		s.running = map[string]*crewRun{}
	}
	for name, r := range s.running {
		if w, ok := want[name]; !ok || w.Epoch != r.epoch {
			r.cancel()
		}
	}
	for name, w := range want {
		if r, ok := s.running[name]; !ok || r.ctx.Err() != nil {
			s.running[name] = s.run(name, w, r)
		}
	}
}

func (s *Crews) run(name string, w coordinator.WantLanes, former *crewRun) *crewRun {
	ctx, cancel := context.WithCancel(context.Background())
	r := &crewRun{epoch: w.Epoch, ctx: ctx, cancel: cancel, done: make(chan struct{})}
	s.all.Go(func() {
		defer close(r.done)
		defer cancel()
		if former != nil {
			<-former.done
		}
		s.man(r, w)
		s.forget(name, r)
	})
	return r
}

// man starts a crew, again if need be, and runs it to its end.
func (s *Crews) man(r *crewRun, w coordinator.WantLanes) {
	for wait := time.Second; r.ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		c, err := s.Start(r.ctx, w)
		if err == nil {
			r.mu.Lock()
			r.crew = c
			r.mu.Unlock()
			_ = c.Run(r.ctx) // it ends with its context
			c.close()
			return
		}
		s.Log.Warn("work queue will be started again", "connector", w.Config.Name, "in", wait, "err", err)
		hold.Sleep(r.ctx, wait)
	}
}

func (s *Crews) forget(name string, r *crewRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[name] == r {
		delete(s.running, name)
	}
}

// Of is the crew of a connector, nil when none runs here.
func (s *Crews) Of(name string) *Crew {
	s.mu.Lock()
	r := s.running[name]
	s.mu.Unlock()
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.crew
}

// Names are the connectors whose work queues run here, in no order.
func (s *Crews) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.running {
		names = append(names, name)
	}
	return names
}

// Leave gives all lanes to other workers and waits until those have claimed them, at the latest until ctx ends.
func (s *Crews) Leave(ctx context.Context) {
	var all sync.WaitGroup
	for _, name := range s.Names() {
		if c := s.Of(name); c != nil {
			all.Go(func() { c.leave(ctx) })
		}
	}
	all.Wait()
}

// Stop ends all and waits for them.
func (s *Crews) Stop() {
	s.Apply(nil)
	s.all.Wait()
}
