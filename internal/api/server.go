package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/headwater/headwater/internal/api/listener"
)

const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	// writeTimeout counts from the end of the header; an answer that says that the limit is over must still get out.
	writeTimeout   = readTimeout + answerLimit + 10*time.Second
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 64 << 10
)

// Server is the REST server. It may be started and stopped any number of times, from any goroutine.
type Server struct {
	opts    Options
	at      listener.Listener
	handler http.Handler
	calls   gate
	probes  gate
	turn    chan struct{} // held by the one Start or Stop under way
	live    atomic.Pointer[serving]
}

// serving is a server between Start and Stop.
type serving struct {
	http   *http.Server
	addr   net.Addr
	cancel context.CancelFunc
	done   chan struct{} // closed when Serve returned
	err    error         // why it did, nil after Stop; read after done
}

// New checks the listener's form and builds the routes; nothing is opened. A *fault.Error names the property.
func New(opts Options) (*Server, error) {
	at, err := listener.Parse(opts.Listener)
	if err != nil {
		return nil, err
	}
	if opts.Reader == nil || opts.Writer == nil || opts.Mask == nil || opts.Health == nil {
		return nil, errors.New("make REST server: Reader, Writer, Mask and Health must be set")
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	s := &Server{
		opts: opts, at: at, turn: make(chan struct{}, 1),
		calls: make(gate, maxCalls), probes: make(gate, maxProbes),
	}
	s.handler = s.guard(s.routed())
	return s, nil
}

// Start opens the listener and serves until Stop. It returns as soon as connections are taken. A host that is not
// loopback, and a port in use, are refused with a *fault.Error; a second Start without a Stop is an error.
func (s *Server) Start(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return fmt.Errorf("start REST server: %w", err)
	}
	defer s.release()
	if s.live.Load() != nil {
		return errors.New("start REST server: it is running already")
	}
	l, err := s.at.Listen(ctx)
	if err != nil {
		return err
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	v := &serving{addr: l.Addr(), cancel: cancel, done: make(chan struct{}), http: &http.Server{
		Handler: s.handler, BaseContext: func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelDebug),
	}}
	s.live.Store(v)
	go v.serve(l)
	return nil
}

func (v *serving) serve(l net.Listener) {
	defer close(v.done)
	if err := v.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		v.err = fmt.Errorf("serve REST API on %s: %w", v.addr, err)
	}
}

// Stop closes the listener, lets the requests under way end and returns when all goroutines have. When ctx ends first,
// connections are cut and the requests' contexts cancelled. Stopping what does not run is no error.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return fmt.Errorf("stop REST server: %w", err)
	}
	defer s.release()
	v := s.live.Load()
	if v == nil {
		return nil
	}
	err := v.http.Shutdown(ctx)
	v.cancel()
	if err != nil {
		err = fmt.Errorf("stop REST server: %w", errors.Join(err, v.http.Close()))
	}
	<-v.done
	s.live.Store(nil)
	return errors.Join(err, s.calls.drain(ctx), s.probes.drain(ctx))
}

// Wait returns when the server has ended: nil after Stop or when it does not run, else why it ended by itself.
func (s *Server) Wait() error {
	v := s.live.Load()
	if v == nil {
		return nil
	}
	<-v.done
	return v.err
}

// Addr is the address that is listened on, with the real port; empty when the server does not run.
func (s *Server) Addr() string {
	if v := s.live.Load(); v != nil {
		return v.addr.String()
	}
	return ""
}

// take waits for the turn. A free one is taken even when ctx is over: an impatient Stop must still stop.
func (s *Server) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Server) release() { <-s.turn }
