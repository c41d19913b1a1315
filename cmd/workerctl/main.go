// Command workerctl runs a Headwater cluster from the command line: who runs what, connectors, offsets, tasks, workers,
// topics and work queues. It speaks the REST API only, and its connector commands work with Kafka Connect too.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
)

// Version is what workerctl version shows; the build sets it.
var Version = "0.1.0-dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() { // a second signal ends the process at once
		<-ctx.Done()
		stop()
	}()
	code := execute(ctx, os.Args[1:], run.New(show.System(), os.Getenv))
	stop()
	os.Exit(code)
}

// execute is the whole program save the process.
func execute(ctx context.Context, args []string, t *run.Tool) int {
	t.Version = Version
	root := newRoot(t)
	root.SetArgs(args)
	return t.Finish(ctx, root.ExecuteContext(ctx))
}
