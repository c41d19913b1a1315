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
//
// With its context and its timer it is much of what an attempt costs beside the wire: the next attempt uses it again.
type watch struct {
	ctx    context.Context // what the attempt must use
	caller <-chan struct{} // the end of the context that ctx comes from
	cancel context.CancelCauseFunc
	trace  httptrace.ClientTrace
	limit  time.Duration
	over   time.Time // when the whole is to be complete
	timer  *time.Timer
	armed  bool
	fired  bool // ctx has been cancelled, or is about to be
}

func newWatch(ctx context.Context, connect, limit time.Duration) *watch {
	w := &watch{limit: limit, caller: ctx.Done()}
	ctx, w.cancel = context.WithCancelCause(context.WithValue(ctx, connectTimeout{}, connect))
	w.trace.GotConn = func(httptrace.GotConnInfo) { w.arm() }
	w.ctx = httptrace.WithClientTrace(ctx, &w.trace)
	w.over = time.Now().Add(maxResponse)
	w.timer = time.AfterFunc(maxResponse, w.expire)
	w.armed = true
	return w
}

// startWatch begins the watch over an attempt that ctx may end. Call endWatch when it is over.
func (c *Client) startWatch(ctx context.Context) *watch {
	w := c.kept.watch.Swap(nil)
	switch {
	case w == nil:
		return newWatch(ctx, c.connect, c.request)
	case w.caller != ctx.Done() || w.ctx.Err() != nil:
		w.cancel(nil)
		return newWatch(ctx, c.connect, c.request)
	}
	w.over = time.Now().Add(maxResponse)
	w.reset(maxResponse)
	return w
}

// endWatch keeps the watch over an attempt that went well, and gives back what another holds. A watch that is kept stays
// with the caller's context until that ends.
func (c *Client) endWatch(w *watch, well bool) {
	w.disarm()
	if !well || w.fired || !c.kept.watch.CompareAndSwap(nil, w) {
		w.cancel(nil)
	}
}

func (w *watch) expire() {
	e := &timeoutError{what: fmt.Sprintf("no answer, or no more of it, for %v", w.limit), property: "http.request.timeout.ms"}
	if !time.Now().Before(w.over) {
		e = &timeoutError{what: fmt.Sprintf("the answer was not complete after %v", maxResponse)}
	}
	w.cancel(e)
}

// arm begins a wait for the other side.
func (w *watch) arm() { w.reset(min(w.limit, time.Until(w.over))) }

func (w *watch) reset(wait time.Duration) {
	running := w.timer.Reset(wait)
	w.fired = w.fired || w.armed && !running
	w.armed = true
}

// disarm ends it. A timer that was not stopped in time has fired, and its cancel may come at any later moment.
func (w *watch) disarm() {
	running := w.timer.Stop()
	w.fired = w.fired || w.armed && !running
	w.armed = false
}

// watched is a body that may not stand still.
type watched struct {
	io.ReadCloser
	watch *watch
}

func (r *watched) Read(p []byte) (int, error) {
	r.watch.arm()
	defer r.watch.disarm()
	return r.ReadCloser.Read(p)
}
