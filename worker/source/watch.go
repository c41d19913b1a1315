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
	over   time.Time // when the whole is to be complete
	timer  *time.Timer
	cancel context.CancelCauseFunc
	trace  httptrace.ClientTrace
}

// startWatch returns the context that the attempt must use. Call end when the attempt is over.
func startWatch(ctx context.Context, limit time.Duration) (context.Context, *watch) {
	w := &watch{limit: limit, over: time.Now().Add(maxResponse)}
	ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(maxResponse, w.expire)
	w.trace.GotConn = func(httptrace.GotConnInfo) { w.arm() }
	return httptrace.WithClientTrace(ctx, &w.trace), w
}

func (w *watch) expire() {
	e := &timeoutError{what: fmt.Sprintf("no answer, or no more of it, for %v", w.limit), property: "http.request.timeout.ms"}
	if !time.Now().Before(w.over) {
		e = &timeoutError{what: fmt.Sprintf("the answer was not complete after %v", maxResponse)}
	}
	w.cancel(e)
}

// arm begins a wait for the other side.
func (w *watch) arm() { w.timer.Reset(min(w.limit, time.Until(w.over))) }

// disarm ends it.
func (w *watch) disarm() { w.timer.Stop() }

// end gives everything back.
func (w *watch) end() {
	w.disarm()
	w.cancel(nil)
}

// watched is a body that may not stand still.
type watched struct {
	io.Reader
	watch *watch
}

func (r watched) Read(p []byte) (int, error) {
	r.watch.arm()
	defer r.watch.disarm()
	return r.Reader.Read(p)
}
