// Package fleet is a cluster of worker processes under test: it starts, stops, kills and pauses them by name and asks
// their REST API.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/headwater/headwater/test/kafka/program"
)

// Fleet is the workers of one group.
type Fleet struct {
	Binary    string // of workers that are started from now on
	Bootstrap string
	Group     string
	Dir       string // for the files of all of them
	// Properties are those of every worker.
	Properties map[string]string
	// Env is added to every worker's environment, and what Own returns to that of the one named; Own may be nil.
	Env []string
	Own func(name string) []string

	lives   int
	workers map[string]*Worker
}

// Worker is one life of a worker: started again, it is another one.
type Worker struct {
	*program.RunningWorker
	Name string
	Log  string // path
}

// Start runs a worker of that name, its own properties last.
func (f *Fleet) Start(name string, own map[string]string) (*Worker, error) {
	f.lives++
	dir := filepath.Join(f.Dir, fmt.Sprintf("%03d-%s", f.lives, name))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	p := map[string]string{"worker.name": name, "session.timeout.ms": "6000", "heartbeat.interval.ms": "1500"}
	maps.Copy(p, f.Properties)
	maps.Copy(p, own)
	env := f.Env
	if f.Own != nil {
		env = slices.Concat(env, f.Own(name))
	}
	w := program.Worker{Binary: f.Binary, Dir: dir, Bootstrap: f.Bootstrap, Group: f.Group, Properties: p, Env: env}
	running, err := w.Start()
	if err != nil {
		return nil, err
	}
	one := &Worker{RunningWorker: running, Name: name, Log: w.Log()}
	if f.workers == nil {
		f.workers = map[string]*Worker{}
	}
	f.workers[name] = one
	return one, nil
}

// Forget takes a worker off the list of those that are to be there, running or not.
func (f *Fleet) Forget(name string) { delete(f.workers, name) }

// Keep makes a worker the one of its name again, after another process was started under that name.
func (f *Fleet) Keep(w *Worker) { f.workers[w.Name] = w }

// Worker is the present life of that name; nil when there is none.
func (f *Fleet) Worker(name string) *Worker { return f.workers[name] }

// Names lists the workers that are to be there, in order.
func (f *Fleet) Names() []string { return slices.Sorted(maps.Keys(f.workers)) }

// Others lists them without some.
func (f *Fleet) Others(but ...string) []string {
	return slices.DeleteFunc(f.Names(), func(n string) bool { return slices.Contains(but, n) })
}

// Kill ends all workers as kill -9 does, also those that are stopped.
func (f *Fleet) Kill() error {
	var err error
	for _, w := range f.workers {
		err = errors.Join(err, w.Kill())
	}
	return err
}

// Leave ends a worker by SIGTERM and waits for its end, which must be in order.
func (f *Fleet) Leave(name string, within time.Duration) error {
	w := f.workers[name]
	if err := w.Terminate(within); err != nil {
		return fmt.Errorf("%s: %w; %s", name, err, w.Tail(5))
	}
	if code := w.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with code %d after SIGTERM; %s", name, code, w.Tail(5))
	}
	delete(f.workers, name)
	return nil
}

// Stop is SIGSTOP.
func (w *Worker) Stop() error { return w.Signal(syscall.SIGSTOP) }

// Continue is SIGCONT.
func (w *Worker) Continue() error { return w.Signal(syscall.SIGCONT) }

// Ended says whether the process is gone.
func (w *Worker) Ended() bool {
	select {
	case <-w.Done():
		return true
	default:
		return false
	}
}

// Tail is the end of the worker's log.
func (w *Worker) Tail(lines int) string {
	all := strings.Split(strings.TrimSpace(w.Text()), "\n")
	return fmt.Sprintf("end of %s:\n  %s", w.Log, strings.Join(all[max(0, len(all)-lines):], "\n  "))
}

// Text is the worker's log so far.
func (w *Worker) Text() string {
	raw, err := os.ReadFile(w.Log)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// ErrEnded is the error of a worker that has ended by itself.
var ErrEnded = errors.New("the worker has ended")

// Await asks until ok gives nil, every 50 ms and for at most within; else the error says what was waited for, and why it
// was not so the last time. ErrEnded is final.
func Await(ctx context.Context, within time.Duration, what string, ok func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := ok(ctx)
		if err == nil || errors.Is(err, ErrEnded) {
			return err
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited %s for %s: %w", within, what, last)
		}
	}
}
