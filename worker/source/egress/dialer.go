package egress

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// keepAlive is how often an idle TCP connection is probed.
const keepAlive = 30 * time.Second

// Dialer connects where a Policy allows it. All outward connections of a worker go through one. It does not know
// proxies; those named by the environment are not used. It is safe for concurrent use.
type Dialer struct {
	policy Policy
	net    net.Dialer
}

// New returns a Dialer for p.
func New(p Policy) *Dialer {
	d := &Dialer{policy: p}
	d.net = net.Dialer{KeepAlive: keepAlive, ControlContext: d.control}
	return d
}

// DialContext resolves address, a host with a port, and connects to it over TCP. The time allowed is ctx's. An address
// that the policy forbids is an error that holds a *Refused; not one packet is sent to it.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.net.DialContext(ctx, network, address)
}

// control runs between resolving and connecting, for every address of every attempt.
func (d *Dialer) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	switch network {
	case "tcp4", "tcp6":
	default:
		return fmt.Errorf("network %s is not dialled", network)
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	return d.policy.Check(to.Addr())
}
