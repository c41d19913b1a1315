// Command worker is one member of a Headwater cluster: it runs connectors, and answers Kafka Connect's REST API.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
)

// Exit codes: what a script may go by.
const (
	exitOK           = 0
	exitFailed       = 1
	exitInput        = 2 // the command line, worker properties or a connector file
	exitSurroundings = 3 // Kafka, its topics, or the port of the REST API
)

// Version is what GET / shows; the build sets it.
var Version = "0.1.0-dev"

func main() {
	collectLate()
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return complain(stderr, err, exitInput)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // a second signal ends the process at once
		<-ctx.Done()
		stop()
	}()
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: &o.level}))
	if err := serve(ctx, o, log); err != nil {
		return complain(stderr, err, codeOf(err))
	}
	return exitOK
}

func complain(stderr io.Writer, err error, code int) int {
	fmt.Fprintf(stderr, "worker: %v\n", err)
	return code
}

// codeOf tells a person's input from the surroundings.
func codeOf(err error) int {
	if _, ok := errors.AsType[*connector.Fault](err); ok {
		return exitInput
	}
	if _, ok := errors.AsType[*inputError](err); ok {
		return exitInput
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return exitSurroundings
	}
	return exitFailed
}
