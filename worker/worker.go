package worker

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
)

// Task is the unit of assignment: the runners of one API, or of several when tasks.max is below their number. When one
// of them fails, the others of the task stop with it.
type Task struct {
	ID      int
	Runners []*Runner
}

// Worker keeps the connectors that run equal to those that are wanted.
type Worker struct {
	// Prepare makes a connector's tasks: topics checked, clients made, nothing claimed.
	Prepare func(context.Context, connector.Config) ([]Task, error)
	Log     *slog.Logger

	mu      sync.Mutex
	running map[string]*running
}

// running is one connector at work.
type running struct {
	want   coordinator.Want
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	tasks []Task
	board board // of the connector itself, while its tasks are being prepared
}

// Apply stops what is no longer wanted, starts what is new, and leaves alone what stays. It returns when what had to
// stop has stopped.
func (w *Worker) Apply(want map[string]coordinator.Want) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running == nil {
		w.running = map[string]*running{}
	}
	var stopping []*running
	for name, r := range w.running {
		if wanted, ok := want[name]; !ok || wanted.Version != r.want.Version {
			r.cancel()
			stopping = append(stopping, r)
			delete(w.running, name)
		}
	}
	for _, r := range stopping {
		<-r.done
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := w.running[name]; !ok {
			w.running[name] = w.start(want[name])
		}
	}
}

// Stop stops everything and waits for it. What is being committed is committed.
func (w *Worker) Stop() { w.Apply(nil) }

// Restart stops a connector and starts it again; an unknown one is left alone.
func (w *Worker) Restart(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, ok := w.running[name]; ok {
		r.cancel()
		<-r.done
		w.running[name] = w.start(r.want)
	}
}

func (w *Worker) start(wanted coordinator.Want) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{want: wanted, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		w.run(ctx, r, wanted.Config)
	}()
	return r
}

// run prepares the tasks, trying again while that may heal, and runs them to their end.
func (w *Worker) run(ctx context.Context, r *running, config connector.Config) {
	r.board.change(func(s *Status) { s.State = Running })
	tasks, err := w.prepare(ctx, r, config)
	if err != nil {
		if ctx.Err() == nil {
			r.board.change(func(s *Status) { s.State, s.Trace, s.Waiting = Failed, err.Error(), "" })
			w.Log.Error("connector failed", "connector", config.Name, "err", err)
		}
		return
	}
	r.board.waiting("", time.Time{})
	r.mu.Lock()
	r.tasks = tasks
	r.mu.Unlock()
	w.Log.Info("connector started", "connector", config.Name, "tasks", len(tasks))
	var all sync.WaitGroup
	for _, t := range tasks {
		all.Go(func() { t.run(ctx) })
	}
	all.Wait()
}

func (w *Worker) prepare(ctx context.Context, r *running, config connector.Config) ([]Task, error) {
	wait := backoff{}
	for {
		tasks, err := w.Prepare(ctx, config)
		if err == nil || fault.KindOf(err) != fault.Retriable || ctx.Err() != nil {
			return tasks, err
		}
		pause := wait.next()
		w.Log.Warn("will prepare again", "connector", config.Name, "in", pause, "err", err)
		r.board.waiting("retry: "+err.Error(), time.Now().Add(pause))
		sleep(ctx, pause)
	}
}

func (t Task) run(ctx context.Context) {
	g, ctx := errgroup.WithContext(ctx)
	for _, r := range t.Runners {
		g.Go(func() error { return r.Run(ctx) })
	}
	_ = g.Wait() // each runner has shown its error in its status
}

// Status returns the state of a connector and of its tasks' APIs, false when it does not run here.
func (w *Worker) Status(name string) (Status, []Task, bool) {
	w.mu.Lock()
	r, ok := w.running[name]
	w.mu.Unlock()
	if !ok {
		return Status{}, nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.board.read(), r.tasks, true
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
