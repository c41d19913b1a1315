package kafkatest

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// wire is a network that can be cut without a word: what is written afterwards goes nowhere, nothing arrives, and no new
// connection comes about. Connections stay open, as on a machine whose cable is pulled.
type wire struct{ isCut atomic.Bool }

func (w *wire) dial(ctx context.Context, network, host string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // franz-go's own limit is not for dialers of others
	defer cancel()
	if w.isCut.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, host)
	if err != nil {
		return nil, err
	}
	return &cable{Conn: conn, wire: w}, nil
}

type cable struct {
	net.Conn
	wire *wire
}

// Read drops what arrives while the wire is cut.
func (c *cable) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || !c.wire.isCut.Load() {
			return n, err
		}
	}
}

func (c *cable) Write(p []byte) (int, error) {
	if c.wire.isCut.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}
