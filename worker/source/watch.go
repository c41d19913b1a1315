package source

import (
	"context"
	"fmt"
	"io"
	"net/http/httptrace"
	"time"
)

// watch ends an attempt that stands still. http.request.timeout.ms bounds each wait for the other side: for the answer's
// headers once a connection is there, and for every next piece of the body. The time that we take to work on a piece
// does not count. maxResponse bounds the whole.
type watch struct {
	limit  time.Duration
	timer  *time.Timer
	cancel context.CancelCauseFunc
	stop   context.CancelFunc
}

// startWatch returns the context that the attempt must use. Call end when the attempt is over.
func startWatch(ctx context.Context, limit time.Duration) (context.Context, *watch) {
	whole := &timeoutError{what: fmt.Sprintf("the answer was not complete after %v", maxResponse)}
	ctx, stop := context.WithTimeoutCause(ctx, maxResponse, whole)
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{limit: limit, cancel: cancel, stop: stop}
	w.timer = time.AfterFunc(maxResponse, func() {
		cancel(&timeoutError{what: fmt.Sprintf("no answer, or no more of it, for %v", limit), property: "http.request.timeout.ms"})
	})
	w.timer.Stop()
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { w.arm() },
	}), w
}

// arm begins a wait for the other side.
func (w *watch) arm() { w.timer.Reset(w.limit) }

// disarm ends it.
func (w *watch) disarm() { w.timer.Stop() }

// end gives everything back.
func (w *watch) end() {
	w.disarm()
	w.cancel(nil)
	w.stop()
}

// watched is a body that may not stand still.
type watched struct {
	io.Reader
	watch *watch
}

// Read implements io.Reader.
func (r watched) Read(p []byte) (int, error) {
	r.watch.arm()
	defer r.watch.disarm()
	return r.Reader.Read(p)
}
