package dev

import (
	"fmt"
	"net"
	"sync"
)

// gate is a listener that takes nobody in before it is opened: connections wait in the operating system's queue.
type gate struct {
	net.Listener
	once sync.Once
	free chan struct{}
}

func listen(cfg Config) (*gate, error) {
	address := cfg.Listen
	if address == "" {
		address = DefaultListen
	}
	if cfg.Dir == "" {
		return nil, fmt.Errorf("Config.Dir is empty: name a directory for the data")
	}
	if err := checkLoopback(address); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w (another broker may be running: choose another address, port 0 takes any free one)", err)
	}
	return &gate{Listener: l, free: make(chan struct{})}, nil
}

// checkLoopback keeps a broker without authentication off the network. The listener's address is also what clients are
// told, so it must be one that they can use.
func checkLoopback(address string) error {
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	if !tcp.IP.IsLoopback() {
		return fmt.Errorf("address %q is not loopback: the development broker has no authentication (use 127.0.0.1)", address)
	}
	return nil
}

func (g *gate) open() { g.once.Do(func() { close(g.free) }) }

// Accept waits until the gate is open.
func (g *gate) Accept() (net.Conn, error) {
	<-g.free
	return g.Listener.Accept()
}

// Close also lets Accept go, which then reports the closed listener.
func (g *gate) Close() error {
	err := g.Listener.Close()
	g.open()
	return err
}
