package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/internal/api/wire"
	"github.com/headwater/headwater/internal/fault"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// ErrUnknown says that there is no such item.
var ErrUnknown = errors.New("no such work item")

// errSo says that an item is already what somebody wishes.
var errSo = errors.New("it is so already")

// amendLimit bounds the wait for a lane to have a claim, and for an item to be in nobody's hands.
const amendLimit = 10 * time.Second

// Amend does what somebody wishes of an item, wire.ItemRetry or wire.ItemSkip. An item that is so already stays as it is.
func (l Lane) Amend(ctx context.Context, id chaining.ID, wish string) error {
	ctx, cancel := context.WithTimeout(ctx, amendLimit)
	defer cancel()
	find := func() (chaining.Queued, error) {
		it, ok, err := l.Find(id)
		if err == nil && !ok {
			err = ErrUnknown
		}
		return it, err
	}
	err := l.Crawl.Amend(ctx, find, func(it chaining.Queued) (*headwaterv1.Progress, error) {
		if wish == wire.ItemSkip {
			return skipped(it, time.Now())
		}
		return retried(it, time.Now())
	})
	if errors.Is(err, errSo) {
		return nil
	}
	return err
}

// retried is the progress of an item that is to be crawled now, from its own offset, with all its retries before it.
func retried(it chaining.Queued, now time.Time) (*headwaterv1.Progress, error) {
	p := rewritten(it, now)
	switch items.StateOf(it) {
	case items.Failed:
	case items.Idle, items.Ended:
		p.State = headwaterv1.Progress_OPEN
	default:
		return nil, errSo
	}
	p.NotBeforeUnixMs, p.Attempt = now.UnixMilli(), 0
	return p, nil
}

// skipped is the progress of an item that is to be left alone until its parent is emitted again.
func skipped(it chaining.Queued, now time.Time) (*headwaterv1.Progress, error) {
	switch s := items.StateOf(it); s {
	case items.Waiting, items.Failed:
	default:
		return nil, &fault.Error{
			Kind: fault.Permanent, Op: "skip item " + it.ID.String(), Err: fmt.Errorf("it is %s", s),
			Hint: "only an item that is waiting or failed can be skipped",
		}
	}
	p := rewritten(it, now)
	p.Serves, p.State = it.Announcement.GetEmission(), headwaterv1.Progress_DONE
	p.NotBeforeUnixMs, p.Attempt = 0, 0
	return p, nil
}

// rewritten is the next version of an item's progress. Its trace, if it has one, stays: it tells why somebody did this.
func rewritten(it chaining.Queued, now time.Time) *headwaterv1.Progress {
	p := &headwaterv1.Progress{}
	if it.Progress != nil {
		p = proto.CloneOf(it.Progress)
	}
	p.Revision, p.UnixMs = p.GetRevision()+1, now.UnixMilli()
	return p
}
