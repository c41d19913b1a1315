package tail

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
)

// emptied is how often a partition that does not arrive at its end is looked at for records that were deleted.
const emptied = time.Second

// sync waits for the high watermark and not for the last stable offset: behind another producer's open transaction the
// stable offset stands before commits that have happened (R4). The wait ends when that transaction does. only picks one of
// the topic's partitions; nil: all are waited for.
func (r *reach) sync(ctx context.Context, only func(partitions int) int32) error {
	op := "read topic " + r.topic + " to its end"
	ends, err := r.ends(ctx, only)
	if err != nil {
		return r.classify(op, err)
	}
	look := time.NewTicker(emptied)
	defer look.Stop()
	for {
		r.mu.Lock()
		partition, behind := lagging(r.position, ends)
		moved, failed, position := r.moved, r.failed, r.position[partition]
		r.mu.Unlock()
		if !behind {
			return nil
		}
		select {
		case <-moved:
		case <-look.C:
			r.skipDeleted(ctx)
		case <-ctx.Done():
			return r.late(op, partition, position, ends[partition], failed)
		}
	}
}

func (r *reach) late(op string, partition int32, at, end int64, failed error) error {
	if failed != nil {
		return r.classify(op, failed)
	}
	return &fault.Error{
		Kind: fault.Retriable, Op: op,
		Err:  fmt.Errorf("partition %d is at %d of %d", partition, at, end),
		Hint: "another producer's open transaction ends at the latest after its transaction.timeout.ms",
	}
}

// skipDeleted moves the position over records that were deleted (DeleteRecords): nobody will ever read them. One
// goroutine at a time asks, for all that wait.
func (r *reach) skipDeleted(ctx context.Context) {
	if !r.skipping.TryLock() {
		return
	}
	defer r.skipping.Unlock()
	starts, err := r.admin.ListStartOffsets(ctx, r.topic)
	if err != nil {
		return // asked again soon
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	starts.Each(func(o kadm.ListedOffset) {
		if o.Err == nil {
			r.position[o.Partition] = max(r.position[o.Partition], o.Offset)
		}
	})
	r.notify()
}

func lagging(position, ends map[int32]int64) (int32, bool) {
	for p, end := range ends {
		if position[p] < end {
			return p, true
		}
	}
	return 0, false
}

// ends are the offsets to read up to, of all partitions or only of one.
func (r *reach) ends(ctx context.Context, only func(partitions int) int32) (map[int32]int64, error) {
	listed, err := r.asking.next(ctx)
	if err != nil {
		return nil, err
	}
	ends := map[int32]int64{}
	r.mu.Lock()
	listed.Each(func(o kadm.ListedOffset) {
		ends[o.Partition] = o.Offset
		r.end[o.Partition] = max(r.end[o.Partition], o.Offset)
	})
	r.mu.Unlock()
	if only == nil {
		return ends, nil
	}
	p := only(len(ends))
	end, ok := ends[p]
	if !ok {
		return nil, kerr.UnknownTopicOrPartition
	}
	return map[int32]int64{p: end}, nil
}

const endsTimeout = 10 * time.Second

// listEnds asks for the ends of all partitions. A topic that was made a moment ago may not be known yet to every broker,
// and a leader may be moving: such answers are asked for again, for a while.
func (r *reach) listEnds(ctx context.Context) (kadm.ListedOffsets, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	list := r.admin.ListEndOffsets
	if proof.Broken("R4") {
		list = r.admin.ListCommittedOffsets
	}
	for until := time.Now().Add(endsTimeout); ; {
		listed, err := list(ctx, r.topic)
		if err == nil {
			err = complete(listed, r.topic)
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

// complete is an error for an answer that has one, is without the topic, or lacks one of its partitions: taken at its word
// it would say that there is nothing to read.
func complete(listed kadm.ListedOffsets, topic string) error {
	if err := listed.Error(); err != nil {
		return err
	}
	ends := listed[topic]
	for p := range int32(max(len(ends), 1)) {
		if _, ok := ends[p]; !ok {
			return kerr.UnknownTopicOrPartition
		}
	}
	return nil
}

// listTimeout bounds a listing that serves callers with limits of their own.
const listTimeout = 30 * time.Second
