package requests

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/headwater/headwater/internal/api/shape"
)

const (
	// maxUnderWay bounds the requests worked on at once.
	maxUnderWay = 16
	// maxKept bounds the connectors whose last request is remembered; the one that was requested first is forgotten.
	maxKept = 1000
	// applyLimit is how long a request may take, the wait for the connector to stop included.
	applyLimit = 2 * time.Minute
	// resumeLimit is how long it may take to let the connector go on, also when the worker is stopping.
	resumeLimit = 10 * time.Second
	// look is how often a connector that is stopping is looked at.
	look = 50 * time.Millisecond
)

// Errors of Post.
var (
	// ErrPending says that the connector's last request is still under way.
	ErrPending = errors.New("another offset request of this connector is pending: one is worked on at a time")
	// ErrBusy says that too many connectors have requests under way; try again later.
	ErrBusy = errors.New("too many offset requests are under way, try again")
)

// Offsets is where connectors stand.
type Offsets interface {
	// Offsets lists the source partitions of name that have an offset.
	Offsets(ctx context.Context, name string) ([]shape.Offset, error)
}

// Alterer changes where a stopped connector stands.
type Alterer interface {
	// Alter sets, or with a nil offset forgets, the offsets of the partitions in changes.
	Alter(ctx context.Context, name string, changes []shape.OffsetChange) error
	// Reset forgets all offsets of name.
	Reset(ctx context.Context, name string) error
}

// Config is what a Book works with.
type Config struct {
	Offsets Offsets
	Alterer Alterer
	// Target tells a connector to be STARTED, PAUSED or STOPPED.
	Target func(ctx context.Context, name, state string) error
	// State says what name is told to be and whether it has come to rest: stopped, without tasks.
	State func(name string) (target string, rests bool)
	// Explain words an error for people.
	Explain func(error) string
}

// Book takes requests and remembers the last one of each connector. It is safe for concurrent use.
type Book struct {
	with Config
	mu   sync.Mutex
	last map[string]*Status
	busy int           // requests under way
	idle chan struct{} // closed when busy comes to 0; nil while it is 0
	stop context.CancelFunc
	base context.Context
}

// NewBook returns an empty book.
func NewBook(c Config) *Book {
	b := &Book{with: c, last: map[string]*Status{}}
	b.base, b.stop = context.WithCancel(context.Background())
	return b
}

// Post takes a request and begins to work on it. It returns ErrPending or ErrBusy, or what was taken.
func (b *Book) Post(name, kind string, changes []shape.OffsetChange) (Accepted, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.last[name]; ok && s.State.Phase == Pending {
		return Accepted{}, ErrPending
	}
	if b.busy >= maxUnderWay {
		return Accepted{}, ErrBusy
	}
	delete(b.last, name)
	if len(b.last) >= maxKept {
		b.forget()
	}
	a := Accepted{ID(name), name, append([]shape.OffsetChange{}, changes...), time.Now().UTC(), kind}
	b.last[name] = &Status{Request: a, State: State{Pending, "The request is being worked on."}, Previous: []shape.Offset{}}
	if b.busy++; b.busy == 1 {
		b.idle = make(chan struct{})
	}
	go b.work(b.base, a)
	return a, nil
}

// forget drops the oldest request that is not under way.
func (b *Book) forget() {
	var oldest string
	for name, s := range b.last {
		if s.State.Phase != Pending && (oldest == "" || s.Request.Requested.Before(b.last[oldest].Request.Requested)) {
			oldest = name
		}
	}
	delete(b.last, oldest)
}

// Status returns the connector's last request, false when there is none.
func (b *Book) Status(name string) (Status, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.last[name]
	if !ok {
		return Status{}, false
	}
	return *s, true
}

// Stop ends the requests under way, letting their connectors go on, and returns when that is done or ctx ends. The book
// may be used again afterwards.
func (b *Book) Stop(ctx context.Context) error {
	b.mu.Lock()
	b.stop()
	b.base, b.stop = context.WithCancel(context.Background())
	idle := b.idle
	b.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the offset requests under way: %w", ctx.Err())
	}
}

// work applies a request and notes what became of it.
func (b *Book) work(ctx context.Context, a Accepted) {
	ctx, cancel := context.WithTimeout(ctx, applyLimit)
	defer cancel()
	previous, applied, err := b.safely(ctx, a)
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &Status{Request: a, State: State{Applied, done(a.Type)}, Previous: append([]shape.Offset{}, previous...)}
	if err != nil {
		s.State = State{Failed, b.with.Explain(err)}
	}
	if !applied.IsZero() {
		s.Applied = &applied
	}
	b.last[a.Name] = s
	if b.busy--; b.busy == 0 {
		close(b.idle)
		b.idle = nil
	}
}

// safely makes a panic the failure of this one request.
func (b *Book) safely(ctx context.Context, a Accepted) (previous []shape.Offset, applied time.Time, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return b.apply(ctx, a)
}
