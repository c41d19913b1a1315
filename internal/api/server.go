package api

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"github.com/headwater/headwater/internal/api/call"
	"github.com/headwater/headwater/internal/api/listener"
	"github.com/headwater/headwater/internal/api/requests"
	"github.com/headwater/headwater/internal/api/serving"
)

// Server is the REST server. It may be started and stopped any number of times, from any goroutine.
type Server struct {
	opts     Options
	at       listener.Listener
	handler  *call.Handler
	book     *requests.Book
	changing chan struct{} // held by the one replacement of a configuration under way
	server   *serving.Server
}

// New checks the listener's form and builds the routes; nothing is opened. A *fault.Error names the property.
func New(opts Options) (*Server, error) {
	at, err := listener.New(listener.Config{
		Listener: opts.Listener, TLS: opts.TLS, Guarded: opts.Guard != nil, Names: opts.Names,
	})
	if err != nil {
		return nil, err
	}
	if opts.Reader == nil || opts.Writer == nil || opts.Mask == nil || opts.Health == nil {
		return nil, errors.New("make REST server: Reader, Writer, Mask and Health must be set")
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	s := &Server{opts: opts, at: at, changing: make(chan struct{}, 1)}
	s.book = s.newBook()
	s.handler = s.handle()
	listen := at.Listen
	if opts.Opened != nil {
		listen = func(context.Context) (net.Listener, error) { return opts.Opened, nil }
	}
	s.server = &serving.Server{Name: "REST server", Handler: s.handler, Listen: listen, Limit: call.Limit, Log: opts.Log}
	return s, nil
}

// Start opens the listener and serves until Stop. It returns as soon as connections are taken. A host that may not be
// opened, and a port in use, are refused with a *fault.Error; a second Start without a Stop is an error.
func (s *Server) Start(ctx context.Context) error { return s.server.Start(ctx) }

// Stop closes the listener, lets the requests under way end and returns when all goroutines have. When ctx ends first,
// connections are cut and the requests' contexts cancelled. Stopping what does not run is no error.
func (s *Server) Stop(ctx context.Context) error {
	return s.server.Stop(ctx, func(ctx context.Context) error {
		return errors.Join(s.handler.Drain(ctx), s.book.Stop(ctx))
	})
}

// Wait returns when the server has ended: nil after Stop or when it does not run, else why it ended by itself.
func (s *Server) Wait() error { return s.server.Wait() }

// Addr is the address that is listened on, with the real port; empty when the server does not run.
func (s *Server) Addr() string { return s.server.Addr() }
