package serving

import (
	"context"
	"sync"
)

// turn is a lock that can be waited for with a context. The zero value is free.
type turn struct {
	once sync.Once
	held chan struct{}
}

// take waits for the turn. A free one is taken even when ctx is over: an impatient Stop must still stop.
func (t *turn) take(ctx context.Context) error {
	t.once.Do(func() { t.held = make(chan struct{}, 1) })
	select {
	case t.held <- struct{}{}:
		return nil
	default:
	}
	select {
	case t.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turn) release() { <-t.held }
