// Package ether is a network in memory for gossip: packets get lost, connections are refused or hang, as on a real one, and
// all of it stands still inside a bubble of testing/synctest. memberlist's own mock network does not do: its packets wait
// for their reader, so that two workers that ask each other at once wait forever, and so does who writes to one that ended.
package ether

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

const (
	port = 7946
	// queue is how many packets wait for their reader before they get lost; backlog is the same for connections.
	queue   = 1024
	backlog = 128
)

var errRefused = errors.New("connection refused")

// Network connects what it made.
type Network struct {
	mu    sync.Mutex
	last  netip.Addr
	nodes map[string]*Transport
	cut   map[[2]string]bool
	conns map[*conn]struct{}
}

// New returns a network without anyone on it.
func New() *Network {
	return &Network{last: netip.MustParseAddr("10.0.0.0"), nodes: map[string]*Transport{}, cut: map[[2]string]bool{}, conns: map[*conn]struct{}{}}
}

// Transport returns a place on the network with an address of its own. Shutdown gives it back.
func (n *Network) Transport() *Transport {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last = n.last.Next()
	t := &Transport{
		net: n, addr: netip.AddrPortFrom(n.last, port),
		packets: make(chan *memberlist.Packet, queue), streams: make(chan net.Conn, backlog),
	}
	n.nodes[t.Addr()] = t
	return t
}

// Cut takes the wire between two addresses away, both ways: packets get lost and connections wait for their timeout. Open
// connections stay.
func (n *Network) Cut(a, b string) { n.set(a, b, true) }

// Heal puts it back.
func (n *Network) Heal(a, b string) { n.set(a, b, false) }

func (n *Network) set(a, b string, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[[2]string{a, b}], n.cut[[2]string{b, a}] = cut, cut
}

// Transport is one place on the network; it is a memberlist.NodeAwareTransport.
type Transport struct {
	net     *Network
	addr    netip.AddrPort
	packets chan *memberlist.Packet
	streams chan net.Conn
}

// Addr is its address, host:port.
func (t *Transport) Addr() string { return t.addr.String() }

// FinalAdvertiseAddr implements memberlist.Transport.
func (t *Transport) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	return t.addr.Addr().AsSlice(), int(t.addr.Port()), nil
}

// WriteTo implements memberlist.Transport. Nobody learns that a packet got lost.
func (t *Transport) WriteTo(b []byte, addr string) (time.Time, error) {
	now := time.Now()
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	to, ok := t.net.nodes[addr]
	if !ok || t.net.cut[[2]string{t.Addr(), addr}] || t.net.nodes[t.Addr()] != t {
		return now, nil
	}
	p := &memberlist.Packet{Buf: append([]byte(nil), b...), From: net.UDPAddrFromAddrPort(t.addr), Timestamp: now}
	select {
	case to.packets <- p:
	default:
	}
	return now, nil
}

// WriteToAddress implements memberlist.NodeAwareTransport.
func (t *Transport) WriteToAddress(b []byte, a memberlist.Address) (time.Time, error) {
	return t.WriteTo(b, a.Addr)
}

// PacketCh implements memberlist.Transport.
func (t *Transport) PacketCh() <-chan *memberlist.Packet { return t.packets }

// StreamCh implements memberlist.Transport.
func (t *Transport) StreamCh() <-chan net.Conn { return t.streams }

// DialTimeout implements memberlist.Transport.
func (t *Transport) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	if t.net.cut[[2]string{t.Addr(), addr}] {
		t.net.mu.Unlock()
		time.Sleep(timeout)
		t.net.mu.Lock()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	to, ok := t.net.nodes[addr]
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errRefused}
	}
	here, there := net.Pipe()
	c := &conn{Conn: here, net: t.net, ends: [2]*Transport{t, to}}
	select {
	case to.streams <- there:
		t.net.conns[c] = struct{}{}
		return c, nil
	default:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errRefused}
	}
}

// conn is the end of a connection that was dialled; when it is closed, so is the other one in effect.
type conn struct {
	net.Conn
	net  *Network
	ends [2]*Transport
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.net.mu.Lock()
	delete(c.net.conns, c)
	c.net.mu.Unlock()
	return c.Conn.Close()
}

// DialAddressTimeout implements memberlist.NodeAwareTransport.
func (t *Transport) DialAddressTimeout(a memberlist.Address, timeout time.Duration) (net.Conn, error) {
	return t.DialTimeout(a.Addr, timeout)
}

// Shutdown implements memberlist.Transport. Its connections break, as those of a process that was killed.
func (t *Transport) Shutdown() error {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	delete(t.net.nodes, t.Addr())
	for c := range t.net.conns {
		if c.ends[0] == t || c.ends[1] == t {
			delete(t.net.conns, c)
			_ = c.Conn.Close()
		}
	}
	return nil
}
