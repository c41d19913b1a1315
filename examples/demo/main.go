// Command demo shows Headwater at work on one machine, with nothing installed but Go: a sample API, the worker with its
// embedded broker, and an independent Kafka client that counts what arrives. It ends with a check that every record the
// API holds is in its topic exactly once. Run it with
//
//	make demo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	worker     string        // path of the worker binary
	connectors []string      // paths of the connector files
	dataDir    string        // of the embedded broker; empty: one that goes away afterwards
	length     time.Duration // how long to watch before the check
	stay       bool          // go on after the check, until Ctrl-C
	kill       bool          // kill -9 the worker on the way
}

// The worker is to die with us whatever happens, and Linux ties that to the thread that starts it: so the main goroutine
// keeps the main thread.
func init() { runtime.LockOSThread() }

func main() {
	var o options
	flag.StringVar(&o.worker, "worker", "bin/worker", "worker `binary`")
	connectors := flag.String("connectors", "examples/timezones.json,examples/timezones-chained.json",
		"connector `files`, with commas between; their APIs must be the sample API's")
	flag.StringVar(&o.dataDir, "data-dir", "", "`directory` for the embedded broker's data, kept for the next run (default: a temporary one)")
	flag.DurationVar(&o.length, "for", 30*time.Second, "how `long` to watch before the check")
	flag.BoolVar(&o.stay, "stay", false, "keep everything running after the check, until Ctrl-C")
	flag.BoolVar(&o.kill, "kill", false, "kill -9 the worker twice while it works")
	flag.Parse()
	o.connectors = strings.Split(*connectors, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, o, newScreen(os.Stdout))
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Println("\nStopped before the check.")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}
