package tail

import (
	"context"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// listings lets callers share listings of ends. Each is answered by one that was SENT after its call began: an answer to
// an earlier question may not know of a commit that the caller knows of (R4). At most one is under way; who comes
// meanwhile waits for the next, all of them for the same.
type listings struct {
	ask     func() (kadm.ListedOffsets, error)
	running sync.WaitGroup

	mu      sync.Mutex
	waiting *listing // not yet sent
	busy    bool     // one is under way
	closed  bool
}

// listing is one question and, once done is closed, its answer.
type listing struct {
	done   chan struct{}
	listed kadm.ListedOffsets
	err    error
}

func (l *listings) next(ctx context.Context) (kadm.ListedOffsets, error) {
	mine := l.join()
	select {
	case <-mine.done:
		return mine.listed, mine.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *listings) join() *listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil {
		l.waiting = &listing{done: make(chan struct{})}
	}
	mine := l.waiting
	if l.closed && !l.busy {
		mine.err = kgo.ErrClientClosed
		close(mine.done)
		l.waiting = nil
	} else if !l.busy {
		l.busy = true
		l.running.Go(l.work)
	}
	return mine
}

// close waits for what is under way. Its client is closed, so that does not last.
func (l *listings) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.running.Wait()
}

// work sends what is waiting until nothing is.
func (l *listings) work() {
	for {
		l.mu.Lock()
		one := l.waiting
		l.waiting = nil // from here on it counts as sent
		l.busy = one != nil
		l.mu.Unlock()
		if one == nil {
			return
		}
		one.listed, one.err = l.ask()
		close(one.done)
	}
}
