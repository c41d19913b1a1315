// Command kafka runs one Apache Kafka broker in the foreground, for people and scripts. It prints bootstrap=HOST:PORT
// and pid=PID when the broker answers, and ends it, data and all, at Ctrl-C, at SIGTERM or when standard input ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/headwater/headwater/test/kafka"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kafka:", err)
		os.Exit(1)
	}
}

func run() error {
	properties := map[string]string{}
	version := flag.Int("transaction-version", 2, "the feature transaction.version: 1 or 2")
	flag.Func("property", "a line of server.properties, `name=value`; may be repeated", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		properties[name] = value
		if !ok {
			return fmt.Errorf("want name=value")
		}
		return nil
	})
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	c, err := kafka.Launch(ctx, kafka.Options{TransactionVersion: *version, Properties: properties})
	if err != nil {
		return err
	}
	fmt.Printf("bootstrap=%s\npid=%d\n", c.Bootstrap, c.PID())
	await(ctx)
	return c.Stop()
}

// await returns at the end of standard input or of ctx.
func await(ctx context.Context) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case <-closed:
	case <-ctx.Done():
	}
}
