// Command simapid serves test/simapi as a process of its own and prints the connector that reads it.
//
//	GET  /-/connector  the connector file
//	POST /-/finish     the streams stop growing
//	GET  /-/ledger     one line for each request so far
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/headwater/headwater/test/simapi"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to serve on")
	seed := flag.Uint64("seed", 1, "seed of the records")
	name := flag.String("name", "sim", "name of the connector")
	rate := flag.Float64("per-second", 5, "records a second that each stream grows by")
	total := flag.Int("total", 1000, "records of each stream in the end")
	flag.Parse()
	if err := serve(*listen, *name, simapi.Config{Seed: *seed, Growth: simapi.Growth{PerSecond: *rate, Total: *total}}); err != nil {
		fmt.Fprintln(os.Stderr, "simapid:", err)
		os.Exit(1)
	}
}

func serve(address, name string, cfg simapi.Config) error {
	sim, err := simapi.New(cfg)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	doc := sim.Document(simapi.Connector{Name: name, BaseURL: "http://" + l.Addr().String()})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/connector", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(doc) })
	mux.HandleFunc("POST /-/finish", func(http.ResponseWriter, *http.Request) { sim.Finish() })
	mux.HandleFunc("GET /-/ledger", func(w http.ResponseWriter, _ *http.Request) { _ = sim.WriteLedger(w, 0) })
	mux.Handle("/", sim)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	fmt.Printf("listening on http://%s\n", l.Addr())
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
