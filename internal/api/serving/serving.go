// Package serving runs an HTTP server that can be started and stopped any number of times, with every wait bounded.
package serving

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	// slack is the time to get an answer out, beyond that for reading the request and for making the answer.
	slack          = 10 * time.Second
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 64 << 10
)

// Server is an HTTP server. Its methods may be called from any goroutine.
type Server struct {
	// Name is what it is called in errors.
	Name    string
	Handler http.Handler
	// Listen opens the listener.
	Listen func(ctx context.Context) (net.Listener, error)
	// Limit is how long Handler takes at most.
	Limit time.Duration
	// Log is told of the HTTP library's complaints.
	Log *slog.Logger

	turn turn // held by the one Start or Stop under way
	live atomic.Pointer[serving]
}

// serving is a server between Start and Stop.
type serving struct {
	http   *http.Server
	addr   net.Addr
	cancel context.CancelFunc
	done   chan struct{} // closed when Serve returned
	err    error         // why it did, nil after Stop; read after done
}

// Start opens the listener and serves until Stop. It returns as soon as connections are taken. A second Start without a
// Stop is an error.
func (s *Server) Start(ctx context.Context) error {
	if err := s.turn.take(ctx); err != nil {
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	defer s.turn.release()
	if s.live.Load() != nil {
		return fmt.Errorf("start %s: it is running already", s.Name)
	}
	l, err := s.Listen(ctx)
	if err != nil {
		return err
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	v := &serving{addr: l.Addr(), cancel: cancel, done: make(chan struct{}), http: &http.Server{
		Handler: s.Handler, BaseContext: func(net.Listener) context.Context { return base },
		// The time to write counts from the end of the header.
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: readTimeout + s.Limit + slack,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}}
	s.live.Store(v)
	go v.serve(l, s.Name)
	return nil
}

func (v *serving) serve(l net.Listener, name string) {
	defer close(v.done)
	if err := v.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		v.err = fmt.Errorf("serve %s on %s: %w", name, v.addr, err)
	}
}

// Stop closes the listener, lets the requests under way end and returns when all goroutines have, drain among them. When
// ctx ends first, connections are cut and the requests' contexts cancelled. Stopping what does not run is no error.
func (s *Server) Stop(ctx context.Context, drain func(ctx context.Context) error) error {
	if err := s.turn.take(ctx); err != nil {
		return fmt.Errorf("stop %s: %w", s.Name, err)
	}
	defer s.turn.release()
	v := s.live.Load()
	if v == nil {
		return nil
	}
	err := v.http.Shutdown(ctx)
	v.cancel()
	if err != nil {
		err = fmt.Errorf("stop %s: %w", s.Name, errors.Join(err, v.http.Close()))
	}
	<-v.done
	s.live.Store(nil)
	return errors.Join(err, drain(ctx))
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
