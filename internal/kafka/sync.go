package kafka

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
)

// Sync returns when everything that was in the topic when it was called has been read. Any number of goroutines may call
// it at once: they share the questions to the broker.
func (t *Table) Sync(ctx context.Context) error { return t.sync(ctx, nil) }

// SyncKey is Sync for the partition of key alone, so that another partition's open transaction is not waited for.
func (t *Table) SyncKey(ctx context.Context, key []byte) error { return t.sync(ctx, key) }

// emptied is how often a partition that does not arrive at its end is looked at for records that were deleted.
const emptied = time.Second

// sync waits for the high watermark and not for the last stable offset: behind another producer's open transaction the
// stable offset stands before commits that have happened (R4). The wait ends when that transaction does.
func (t *Table) sync(ctx context.Context, key []byte) error {
	op := "read topic " + t.topic + " to its end"
	ends, err := t.ends(ctx, key)
	if err != nil {
		return classify(op, err)
	}
	look := time.NewTicker(emptied)
	defer look.Stop()
	for {
		t.mu.Lock()
		partition, behind := lagging(t.position, ends)
		moved, failed, position := t.moved, t.failed, t.position[partition]
		t.mu.Unlock()
		if !behind {
			return nil
		}
		select {
		case <-moved:
		case <-look.C:
			t.skipDeleted(ctx)
		case <-ctx.Done():
			return t.late(op, partition, position, ends[partition], failed)
		}
	}
}

func (t *Table) late(op string, partition int32, at, end int64, failed error) error {
	if failed != nil {
		return classify(op, failed)
	}
	return &fault.Error{
		Kind: fault.Retriable, Op: op,
		Err:  fmt.Errorf("partition %d is at %d of %d", partition, at, end),
		Hint: "another producer's open transaction ends at the latest after its transaction.timeout.ms",
	}
}

// skipDeleted moves the position over records that were deleted (DeleteRecords): nobody will ever read them. One
// goroutine at a time asks, for all that wait.
func (t *Table) skipDeleted(ctx context.Context) {
	if !t.skipping.TryLock() {
		return
	}
	defer t.skipping.Unlock()
	starts, err := t.admin.ListStartOffsets(ctx, t.topic)
	if err != nil {
		return // asked again soon
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	starts.Each(func(o kadm.ListedOffset) {
		if o.Err == nil {
			t.position[o.Partition] = max(t.position[o.Partition], o.Offset)
		}
	})
	t.notify()
}

func lagging(position, ends map[int32]int64) (int32, bool) {
	for p, end := range ends {
		if position[p] < end {
			return p, true
		}
	}
	return 0, false
}

// ends are the offsets to read up to, of all partitions or only of key's.
func (t *Table) ends(ctx context.Context, key []byte) (map[int32]int64, error) {
	listed, err := t.asking.next(ctx)
	if err != nil {
		return nil, err
	}
	ends := map[int32]int64{}
	only := partitionOf(key, len(listed[t.topic]))
	listed.Each(func(o kadm.ListedOffset) {
		if key == nil || o.Partition == only {
			ends[o.Partition] = o.Offset
		}
	})
	return ends, nil
}

const endsTimeout = 10 * time.Second

// listEnds asks for the ends of all partitions. A topic that was made a moment ago may not be known yet to every broker,
// and a leader may be moving: such answers are asked for again, for a while.
func (t *Table) listEnds(ctx context.Context) (kadm.ListedOffsets, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	list := t.admin.ListEndOffsets
	if proof.Broken("R4") {
		list = t.admin.ListCommittedOffsets
	}
	for until := time.Now().Add(endsTimeout); ; {
		listed, err := list(ctx, t.topic)
		if err == nil {
			err = listed.Error()
		}
		if err == nil || !kerr.IsRetriable(err) || time.Now().After(until) {
			return listed, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// listTimeout bounds a listing that serves callers with limits of their own.
const listTimeout = 30 * time.Second

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

// partitionOf is where Kafka's default partitioner puts a key: murmur2 of its bytes, made positive.
func partitionOf(key []byte, partitions int) int32 {
	if len(key) == 0 || partitions == 0 {
		return 0
	}
	r := &kgo.Record{Key: key}
	return int32(kgo.StickyKeyPartitioner(nil).ForTopic("").Partition(r, partitions))
}
