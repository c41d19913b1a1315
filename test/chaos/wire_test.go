package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// dialer is how a connection is made.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

var errCut = errors.New("the wire is cut")

// wire is all the network that one member has. Every chunk takes a moment on it, so that a commit has width on virtual
// time; it can be cut, as by a kill -9, or held still, as by a SIGSTOP or a partition, and let go.
//
// A chunk waits in a queue between two goroutines and never inside a client's Write: there it would wait under the
// client's locks, and a goroutine that waits for a mutex stops virtual time.
type wire struct {
	dialFar dialer
	mu      sync.Mutex
	rng     *rand.Rand
	cut     bool
	gate    chan struct{} // closed: chunks pass
	links   map[*link]bool
	done    sync.WaitGroup
}

func newWire(dial dialer, seed uint64) *wire {
	w := &wire{dialFar: dial, rng: rand.New(rand.NewPCG(seed, 7)), gate: make(chan struct{}), links: map[*link]bool{}}
	close(w.gate)
	return w
}

// link is one connection: near is the member's end of the pipe whose other end is mid, far leads to the server.
type link struct {
	mid, far net.Conn
	once     sync.Once
	ended    chan struct{}
}

func (l *link) end() {
	l.once.Do(func() {
		close(l.ended)
		_ = l.mid.Close()
		_ = l.far.Close()
	})
}

// dial connects through the wire.
func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := w.pass(ctx.Done()); err != nil {
		return nil, err
	}
	far, err := w.dialFar(ctx, network, address)
	if err != nil {
		return nil, err
	}
	near, mid := net.Pipe()
	l := &link{mid: mid, far: far, ended: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		l.end()
		return nil, errCut
	}
	w.links[l] = true
	w.carry(l, mid, far)
	w.carry(l, far, mid)
	return near, nil
}

// carry moves bytes one way. w.mu is held.
func (w *wire) carry(l *link, from, to net.Conn) {
	q := &queue{ready: make(chan struct{}, 1)}
	w.done.Go(func() {
		defer w.drop(l)
		buf := make([]byte, 64<<10)
		for {
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			q.put(append([]byte(nil), buf[:n]...))
		}
	})
	w.done.Go(func() {
		defer w.drop(l)
		for {
			chunk := q.take(l.ended)
			if chunk == nil || w.pause(l) != nil {
				return
			}
			if _, err := to.Write(chunk); err != nil {
				return
			}
		}
	})
}

// queue holds chunks without bound: a member's page at the most.
type queue struct {
	mu     sync.Mutex
	chunks [][]byte
	ready  chan struct{}
}

func (q *queue) put(chunk []byte) {
	q.mu.Lock()
	q.chunks = append(q.chunks, chunk)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take waits for a chunk; nil when the link has ended.
func (q *queue) take(ended <-chan struct{}) []byte {
	for {
		q.mu.Lock()
		if len(q.chunks) > 0 {
			first := q.chunks[0]
			q.chunks = q.chunks[1:]
			q.mu.Unlock()
			return first
		}
		q.mu.Unlock()
		select {
		case <-q.ready:
		case <-ended:
			return nil
		}
	}
}

// pause is a chunk's time on the wire.
func (w *wire) pause(l *link) error {
	w.mu.Lock()
	delay := time.Duration(200+w.rng.IntN(1800)) * time.Microsecond
	w.mu.Unlock()
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.ended:
		return errCut
	}
	return w.pass(l.ended)
}

// pass waits while the wire is held.
func (w *wire) pass(ended <-chan struct{}) error {
	w.mu.Lock()
	gate, cut := w.gate, w.cut
	w.mu.Unlock()
	if cut {
		return errCut
	}
	select {
	case <-gate:
		return nil
	case <-ended:
		return errCut
	}
}

// hold stops every chunk until release.
func (w *wire) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.gate:
		w.gate = make(chan struct{})
	default:
	}
}

func (w *wire) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.gate:
	default:
		close(w.gate)
	}
}

// reset ends the connections there are; new ones may be made.
func (w *wire) reset() {
	w.mu.Lock()
	links := w.links
	w.links = map[*link]bool{}
	w.mu.Unlock()
	for l := range links {
		l.end()
	}
}

// sever ends every connection for good: what is under way is never delivered.
func (w *wire) sever() {
	w.mu.Lock()
	w.cut = true
	w.mu.Unlock()
	w.reset()
	w.release()
}

func (w *wire) drop(l *link) {
	l.end()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.links, l)
}

// wait returns when nothing moves on a severed wire any more.
func (w *wire) wait() { w.done.Wait() }
