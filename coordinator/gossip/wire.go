package gossip

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/hashicorp/memberlist"
)

// errClosed must not be a net.OpError: memberlist takes those for the other side's fault and would go on asking.
var errClosed = errors.New("gossip is closed")

// wire gives every connection that is dialled an end, which memberlist does not, and lets nothing more out once closed.
type wire struct {
	memberlist.NodeAwareTransport
	open  context.Context
	close context.CancelFunc
}

func newWire(t memberlist.NodeAwareTransport) *wire {
	w := &wire{NodeAwareTransport: t}
	w.open, w.close = context.WithCancel(context.Background())
	return w
}

// WriteToAddress implements memberlist.NodeAwareTransport.
func (w *wire) WriteToAddress(b []byte, a memberlist.Address) (time.Time, error) {
	if w.open.Err() != nil {
		return time.Time{}, errClosed
	}
	return w.NodeAwareTransport.WriteToAddress(b, a)
}

// DialAddressTimeout implements memberlist.NodeAwareTransport.
func (w *wire) DialAddressTimeout(a memberlist.Address, most time.Duration) (net.Conn, error) {
	if w.open.Err() != nil {
		return nil, errClosed
	}
	end := time.Now().Add(min(most, tcpTimeout))
	conn, err := w.NodeAwareTransport.DialAddressTimeout(a, time.Until(end))
	if err != nil {
		return nil, err
	}
	return &dialled{conn, context.AfterFunc(w.open, func() { _ = conn.Close() })}, conn.SetDeadline(end)
}

// dialled is closed with the wire.
type dialled struct {
	net.Conn
	forget func() bool
}

// Close implements net.Conn.
func (d *dialled) Close() error {
	d.forget()
	return d.Conn.Close()
}
