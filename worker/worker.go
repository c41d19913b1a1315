package worker

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/worker/hold"
)

// Task is the unit of assignment: the runners of one API, or of several when tasks.max is below their number. When one
// of them fails, the others of the task stop with it.
type Task struct {
	Runners []*Runner
	// Idle says that there are none and need not be: the task's APIs are all children, which are crawled by lanes.
	Idle bool
}

// Worker keeps the tasks that run equal to those that are wanted. Its methods are safe for concurrent use and wait for
// nothing, save Stop.
type Worker struct {
	// Prepare makes a task: topics checked, clients made, nothing claimed.
	Prepare func(context.Context, coordinator.Want) (Task, error)
	// Changed is told of every change of a task's state; trace is why it failed.
	Changed func(want coordinator.Want, state State, trace string)
	// Stopped is told when a task that is not wanted any more has let go of everything.
	Stopped func(rows.Task)
	Log     *slog.Logger

	mu      sync.Mutex
	running map[rows.Task]*running
	all     sync.WaitGroup
}

// running is one task at work.
type running struct {
	want   coordinator.Want
	ctx    context.Context // over once it is not wanted any more
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	task  Task
	board hold.Board // of the task itself, while it is being prepared
}

// Apply stops what is no longer wanted, starts what is new, and leaves alone what stays. It does not wait: a task that is
// wanted anew starts when its former run has ended.
func (w *Worker) Apply(want map[rows.Task]coordinator.Want) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running == nil {
		w.running = map[rows.Task]*running{}
	}
	for name, r := range w.running {
		if wanted, ok := want[name]; !ok || !wanted.Same(r.want) {
			r.cancel()
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(want), byName) {
		if r, ok := w.running[name]; !ok || r.ctx.Err() != nil {
			w.running[name] = w.start(want[name], r)
		}
	}
}

func byName(a, b rows.Task) int {
	if c := strings.Compare(a.Connector, b.Connector); c != 0 {
		return c
	}
	return a.N - b.N
}

// Stop stops everything and waits for it. What is being committed is committed.
func (w *Worker) Stop() {
	w.Apply(nil)
	w.all.Wait()
}

// start runs a task once its former run, if there is one, is over.
func (w *Worker) start(wanted coordinator.Want, former *running) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{want: wanted, ctx: ctx, cancel: cancel, done: make(chan struct{})}
	w.all.Go(func() {
		defer close(r.done)
		if former != nil {
			<-former.done
		}
		w.run(ctx, r)
		cancel()
		w.Stopped(wanted.Task)
		w.forget(r)
	})
	return r
}

// forget takes a run that is over from the list, unless the next one stands there.
func (w *Worker) forget(r *running) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running[r.want.Task] == r {
		delete(w.running, r.want.Task)
	}
}

// run is a task's life: prepared while the worker before may still be at it, then, when that one has let go, run to its
// end.
func (w *Worker) run(ctx context.Context, r *running) {
	r.board.Change(func(s *Status) { s.State = Running })
	task, err := w.prepare(ctx, r)
	if err == nil {
		r.mu.Lock()
		r.task = task
		r.mu.Unlock()
		r.board.Waiting(hold.WaitHandover, time.Time{})
		wait(ctx, r.want.Ready)
	}
	if err == nil && ctx.Err() == nil {
		r.board.Waiting("", time.Time{})
		w.Changed(r.want, Running, "")
		w.Log.Info("task started", "task", r.want.Task, "epoch", r.want.Epoch)
		err = task.run(ctx)
	}
	if ctx.Err() == nil && err != nil {
		r.board.Change(func(s *Status) { s.State, s.Trace, s.Waiting = Failed, err.Error(), "" })
		w.Changed(r.want, Failed, err.Error())
		w.Log.Error("task failed", "task", r.want.Task, "err", err)
		<-ctx.Done() // it stays ours, failed, until someone restarts or moves it
	}
	w.Changed(r.want, Unassigned, "")
	w.Log.Info("task stopped", "task", r.want.Task, "epoch", r.want.Epoch)
}

func (w *Worker) prepare(ctx context.Context, r *running) (Task, error) {
	wait := hold.Backoff{}
	for {
		task, err := w.Prepare(ctx, r.want)
		if err == nil || fault.KindOf(err) != fault.Retriable || ctx.Err() != nil {
			return task, err
		}
		pause := wait.Next()
		w.Log.Warn("will prepare again", "task", r.want.Task, "in", pause, "err", err)
		r.board.Waiting("retry: "+err.Error(), time.Now().Add(pause))
		hold.Sleep(ctx, pause)
	}
}

// run returns the first runner's error; each runner shows its own in its status.
func (t Task) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if t.Idle {
		<-ctx.Done()
	}
	for _, r := range t.Runners {
		g.Go(func() error { return r.Run(ctx) })
	}
	return g.Wait()
}

// Status returns the state of a task and of its APIs, false when it does not run here.
func (w *Worker) Status(name rows.Task) (Status, Task, bool) {
	w.mu.Lock()
	r, ok := w.running[name]
	w.mu.Unlock()
	if !ok {
		return Status{}, Task{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.board.Read(), r.task, true
}

// Settled reports whether every task here has got as far as polling, or waits for something that only others can mend.
func (w *Worker) Settled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.running {
		if !r.settled() {
			return false
		}
	}
	return true
}

func (r *running) settled() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := r.board.Read()
	if own.State == Failed || own.Waiting != "" && own.Waiting != hold.WaitHandover {
		return true
	}
	for _, runner := range r.task.Runners {
		if at := runner.Status(); at.State == Running && (at.Waiting == hold.WaitClaim || at.Waiting == hold.WaitOffset) {
			return false
		}
	}
	return (r.task.Idle || len(r.task.Runners) > 0) && own.Waiting == ""
}

// Records counts the records committed by the tasks at work since each of them started.
func (w *Worker) Records() map[rows.Task]int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make(map[rows.Task]int64, len(w.running))
	for t, r := range w.running {
		r.mu.Lock()
		for _, runner := range r.task.Runners {
			out[t] += runner.Status().Records
		}
		r.mu.Unlock()
	}
	return out
}

// wait returns when ready is closed, at once when it is nil, or at the end of ctx.
func wait(ctx context.Context, ready <-chan struct{}) {
	if ready == nil {
		return
	}
	select {
	case <-ready:
	case <-ctx.Done():
	}
}
