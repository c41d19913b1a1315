package lane

import (
	"context"
	"errors"
	"fmt"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/worker/ahead"
	"github.com/headwater/headwater/worker/pipeline"
)

// Amend replaces an item's progress on a person's wish: only the lane may write it (R13). change is given the item as it
// stands and returns what it is to be, or an error. It returns once that is committed. Until ctx ends it waits for the lane
// to have a claim, which one that rests makes for this, and for the item to be in nobody's hands; an error that is Retriable
// means that it did not come to that.
func (l *Lane) Amend(ctx context.Context, item func() (chaining.Queued, error), change func(chaining.Queued) (*Progress, error)) error {
	c, err := l.atHand(ctx, item, change)
	if err != nil {
		return err
	}
	if err := c.queue.Put(ctx, c.crawled); err != nil {
		return err
	}
	for ctx.Err() == nil {
		wake := l.waker()
		l.mu.Lock()
		busy, lost := l.busy[c.id], l.queue != c.queue
		l.mu.Unlock()
		if lost {
			return notAtWork(l.Task, errors.New("it lost its claim before this was committed"))
		}
		if !busy {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// atHand is amended, as soon as that can be done.
func (l *Lane) atHand(ctx context.Context, item func() (chaining.Queued, error), change func(chaining.Queued) (*Progress, error)) (amendment, error) {
	for {
		wake := l.waker()
		c, err := l.amended(item, change)
		if e, ok := errors.AsType[*fault.Error](err); !ok || e.Kind != fault.Retriable {
			return c, err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return c, err
		}
	}
}

type amendment struct {
	*crawled
	queue *ahead.Queue[*crawled]
}

// amended takes the item out of the others' hands and makes what is to be committed.
func (l *Lane) amended(item func() (chaining.Queued, error), change func(chaining.Queued) (*Progress, error)) (amendment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue == nil {
		if !l.wanted { // a lane that rests looks whether it is
			l.wanted = true
			l.ring()
		}
		return amendment{}, notAtWork(l.Task, errors.New("it has no claim"))
	}
	at, err := item()
	if err != nil {
		return amendment{}, err
	}
	if l.busy[at.ID] {
		return amendment{}, notAtWork(l.Task, fmt.Errorf("item %s is being crawled", at.ID))
	}
	p, err := change(at)
	if err != nil {
		return amendment{}, err
	}
	for _, child := range l.Children {
		if child.API.N != at.Child {
			continue
		}
		l.busy[at.ID] = true
		page := pipeline.Page{Batch: record.Batch{Messages: record.Each()}}
		return amendment{l.with(page, child, at, p), l.queue}, nil
	}
	return amendment{}, fmt.Errorf("api%d is no child API of the connector any more", at.Child)
}

func notAtWork(task string, err error) error {
	return &fault.Error{Kind: fault.Retriable, Op: "change an item of " + task, Err: err, Hint: "try again"}
}
