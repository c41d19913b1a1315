package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long the worker may take to stop by itself.
const patience = 10 * time.Second

// worker is the child process.
type worker struct {
	command *exec.Cmd
	log     string // file
	gone    chan struct{}
}

// startWorker starts binary; what it says goes to worker.log in dir, behind what is there.
func startWorker(binary, dir string, arguments []string) (*worker, error) {
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%w (make build builds it)", err)
	}
	w := &worker{command: exec.Command(binary, arguments...), log: filepath.Join(dir, "worker.log"), gone: make(chan struct{})}
	log, err := os.OpenFile(w.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has its own handle
	w.command.Stdout, w.command.Stderr = log, log
	w.command.SysProcAttr = attributes()
	if err := w.command.Start(); err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	go func() {
		defer close(w.gone)
		_ = w.command.Wait() // how it ended is in ProcessState
	}()
	return w, nil
}

// line is the command as one would type it.
func (w *worker) line() string { return strings.Join(w.command.Args, " ") }

func (w *worker) pid() int { return w.command.Process.Pid }

// failure says that the worker has ended by itself, with the end of its log; nil while it runs.
func (w *worker) failure() error {
	select {
	case <-w.gone:
		return fmt.Errorf("the worker ended (%s); the end of its log:\n%s", w.command.ProcessState, w.tail(15))
	default:
		return nil
	}
}

func (w *worker) tail(lines int) string {
	text, err := os.ReadFile(w.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}

// kill ends the worker as a crash would.
func (w *worker) kill() error {
	err := w.command.Process.Kill()
	<-w.gone
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// stop asks the worker to end and, after patience, makes it.
func (w *worker) stop() error {
	if err := w.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the worker: %w", err)
	}
	select {
	case <-w.gone:
		return nil
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("the worker did not stop within %s", patience), w.kill())
	}
}
