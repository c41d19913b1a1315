// Package program runs the processes of tests and measurements: Kafka, the Headwater worker, an API. A process started
// here is killed by the system when its parent ends, however that ends, so that nothing is left running behind a test.
package program

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a running child.
type Process struct {
	// PID is the child's process id.
	PID int

	cmd     *exec.Cmd
	stdin   io.Closer
	done    chan struct{}
	started time.Time
}

// Start runs cmd with its output in the file named log and a standard input that stays open until the child ends.
func Start(cmd *exec.Cmd, log string) (*Process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &Process{cmd: cmd, done: make(chan struct{})}
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = dieWithParent()
	p.started = time.Now()
	if err := p.run(); err != nil {
		return nil, err
	}
	p.PID = cmd.Process.Pid
	return p, nil
}

// run starts the child on a thread of its own, which lives as long: the kernel's "die with your parent" means the thread
// that started the child.
func (p *Process) run() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in its log, and in ExitCode
		}
	}()
	return <-started
}

// Started is when the child was started.
func (p *Process) Started() time.Time { return p.started }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode waits for the child's end; -1 means a signal.
func (p *Process) ExitCode() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Kill sends SIGKILL and waits for the end. A nil or ended Process is left alone.
func (p *Process) Kill() error {
	if p == nil {
		return nil
	}
	err := p.Signal(syscall.SIGKILL)
	<-p.done
	return err
}

// Terminate sends SIGTERM and kills the child when it is still there after the given time, which is an error.
func (p *Process) Terminate(within time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(within):
		return errors.Join(fmt.Errorf("%s did not end within %v of SIGTERM and was killed", p.cmd.Path, within), p.Kill())
	}
}

// Signal sends any signal: SIGSTOP and SIGCONT pause and resume. A child that has ended is no error.
func (p *Process) Signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
