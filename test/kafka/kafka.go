// Package kafka is a real Apache Kafka broker for tests and for the programs beneath test/: fetched once from Maven
// Central (pom.xml), formatted, started on loopback, and gone when the process that asked for it is. It also reads what
// is in a topic the way a proof must (Read), runs one test on the embedded broker and on Kafka (Both), and says what was
// left out where Kafka cannot run (LeftOut).
//
// It needs java (17 or newer) and, the first time, mvn.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/headwater/headwater/test/kafka/program"
)

// Version is the Apache Kafka release that pom.xml names.
const Version = "4.3.0"

// startDeadline bounds a broker's start; it takes about five seconds on two idle cores.
const startDeadline = 90 * time.Second

// Options say what kind of broker to start. The zero value is a good one.
type Options struct {
	// TransactionVersion is the feature transaction.version: 1, or 2 (KIP-890). Default 2, as a new cluster has it.
	TransactionVersion int
	// Properties go into server.properties last, and win over the harness's own.
	Properties map[string]string
}

// Cluster is one running broker, its own controller too.
type Cluster struct {
	// Bootstrap is what goes into bootstrap.servers: host and port.
	Bootstrap string
	// TransactionVersion is the one it was formatted with.
	TransactionVersion int

	dir     string
	libs    string
	process *program.Process
}

// Launch starts a broker and returns when it answers, its coordinators too. The broker dies with this process; Stop or
// Kill it and its data are gone sooner. Errors a caller can act on: java or mvn missing (ErrUnavailable), no network the
// first time, a broker that was not ready in time (the message shows the end of its log).
func Launch(ctx context.Context, o Options) (*Cluster, error) {
	if o.TransactionVersion == 0 {
		o.TransactionVersion = 2
	}
	libs, err := install(ctx)
	if err != nil {
		return nil, fmt.Errorf("install Apache Kafka %s: %w", Version, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startDeadline)
	defer cancel()
	dir, err := os.MkdirTemp("", "headwater-kafka-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{TransactionVersion: o.TransactionVersion, dir: dir, libs: libs}
	if err := c.launch(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("start Apache Kafka %s: %w", Version, err), c.Kill(), os.RemoveAll(dir))
	}
	return c, nil
}

func (c *Cluster) launch(ctx context.Context, o Options) error {
	broker, controller, err := freePorts()
	if err != nil {
		return err
	}
	c.Bootstrap = fmt.Sprintf("127.0.0.1:%d", broker)
	if err := c.configure(o.Properties, broker, controller); err != nil {
		return err
	}
	if err := c.format(ctx); err != nil {
		return err
	}
	return c.Restart(ctx)
}

// Restart starts the broker again after Kill or Shutdown, with the same address and data, and waits until it answers.
func (c *Cluster) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startDeadline)
	defer cancel()
	p, err := program.Start(c.java(context.Background(), "kafka.Kafka", c.properties()), c.log("stdout.log"))
	if err != nil {
		return err
	}
	c.process = p
	if err := c.awaitReady(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, c.tail(30))
	}
	return nil
}

// Shutdown ends the broker in order, within 30 s, and keeps its data for Restart.
func (c *Cluster) Shutdown() error { return c.process.Terminate(30 * time.Second) }

// Kill ends the broker as kill -9 does, and keeps its data for Restart. Done twice, it does nothing. A broker killed in the
// moment after it answered EndTxn can come back without the marker in the topic while it lists the transaction as complete
// (seen with 4.3.0, which has no second replica here): wait for the commit to show (Read) before a planned Kill.
func (c *Cluster) Kill() error { return c.process.Kill() }

// Stop kills the broker and removes its data.
func (c *Cluster) Stop() error { return errors.Join(c.Kill(), os.RemoveAll(c.dir)) }

// Pause stops the broker's process (SIGSTOP): connections stay open, nothing answers.
func (c *Cluster) Pause() error { return c.process.Signal(syscall.SIGSTOP) }

// Resume lets a paused broker go on (SIGCONT).
func (c *Cluster) Resume() error { return c.process.Signal(syscall.SIGCONT) }

// PID is the broker's process, for who measures it.
func (c *Cluster) PID() int { return c.process.PID }

// Log is the path of the broker's log.
func (c *Cluster) Log() string { return c.log("server.log") }

func (c *Cluster) log(name string) string { return filepath.Join(c.dir, name) }
func (c *Cluster) properties() string     { return filepath.Join(c.dir, "server.properties") }
