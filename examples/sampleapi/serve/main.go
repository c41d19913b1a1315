// Command serve runs the sample API by itself:
//
//	go run ./examples/sampleapi/serve --grow
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/headwater/headwater/examples/sampleapi"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:18080", "`address` to listen on")
	grow := flag.Bool("grow", false, "publish the last records one after the other, as a replayed clock reaches them")
	from := flag.String("grow-from", "2036-01-01T00:00:00Z", "`time` at which the replayed clock starts")
	speed := flag.Duration("grow-speed", 30*24*time.Hour, "replayed `time` that passes in a second")
	flag.Parse()
	if err := run(*listen, *grow, *from, *speed); err != nil {
		fmt.Fprintln(os.Stderr, "sampleapi:", err)
		os.Exit(1)
	}
}

func run(listen string, grow bool, from string, speed time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	clock := sampleapi.Everything()
	if grow {
		start, err := time.Parse(time.RFC3339, from)
		if err != nil {
			return fmt.Errorf("read --grow-from: %w", err)
		}
		clock = sampleapi.Replay(time.Now(), start, speed.Seconds())
	}
	data, err := sampleapi.Load()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("sample API with %d transitions of %d zones: http://%s/v1/transitions\n",
		len(data.Transitions), len(data.Zones), listener.Addr())
	return sampleapi.Serve(ctx, listener, sampleapi.New(data, clock))
}
