package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// readDeadline bounds Read, and in it the wait for transactions to end.
const readDeadline = 60 * time.Second

// poll is how often offsets are asked for while waiting.
const poll = 20 * time.Millisecond

// Read returns every record of a topic, partition by partition in offset order. With committed it first waits until no
// transaction is open in the topic (last stable offset = high watermark: on Kafka, markers are written after EndTxn was
// answered, and who counts early sees a loss that is none), and then leaves out what was aborted.
func Read(t testing.TB, bootstrap, topic string, committed bool) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), readDeadline)
	defer cancel()
	records, err := ReadAll(ctx, bootstrap, topic, committed)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// ReadAll is Read for programs; ctx must bound it.
func ReadAll(ctx context.Context, bootstrap, topic string, committed bool) ([]*kgo.Record, error) {
	isolation := kgo.ReadUncommitted()
	if committed {
		isolation = kgo.ReadCommitted()
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(isolation),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.KeepControlRecords())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	ends, err := awaitStable(ctx, kadm.NewClient(c), topic, committed)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", topic, err)
	}
	return consume(ctx, c, topic, ends)
}

// awaitStable returns the topic's end offsets by partition, leaving out empty partitions. A broker that was away for a while
// may lead nothing at first.
func awaitStable(ctx context.Context, admin *kadm.Client, topic string, committed bool) (map[int32]int64, error) {
	for {
		ends, open, err := endOffsets(ctx, admin, topic)
		if again := errors.Is(err, kerr.LeaderNotAvailable); !again && (err != nil || !committed || len(open) == 0) {
			return ends, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waited for the open transactions of partitions %v to end: %w", open, errors.Join(err, ctx.Err()))
		case <-time.After(poll):
		}
	}
}

// endOffsets returns the high watermark of each partition that holds something, and the partitions whose last stable
// offset is behind.
func endOffsets(ctx context.Context, admin *kadm.Client, topic string) (ends map[int32]int64, open []int32, err error) {
	// Stable first: asked for later, it could be ahead of a high watermark that was read earlier.
	stable, err := admin.ListCommittedOffsets(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	high, err := admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	start, err := admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	ends = map[int32]int64{}
	for _, p := range high.Offsets()[topic] {
		if first, _ := start.Lookup(topic, p.Partition); p.At > first.Offset {
			ends[p.Partition] = p.At
		}
		if lso, ok := stable.Lookup(topic, p.Partition); !ok || lso.Offset < p.At {
			open = append(open, p.Partition)
		}
	}
	return ends, open, high.Error()
}

// consume reads up to the given offsets. Control records are kept because one of them may be the last of its partition.
func consume(ctx context.Context, c *kgo.Client, topic string, ends map[int32]int64) ([]*kgo.Record, error) {
	byPartition := map[int32][]*kgo.Record{}
	for len(ends) > 0 {
		fetches := c.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("read %s: waited for the offsets %v: %w", topic, ends, ctx.Err())
		}
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			end, wanted := ends[r.Partition]
			if !wanted {
				return
			}
			if !r.Attrs.IsControl() {
				byPartition[r.Partition] = append(byPartition[r.Partition], r)
			}
			if r.Offset+1 >= end {
				delete(ends, r.Partition)
			}
		})
	}
	return inOrder(byPartition), nil
}

func inOrder(byPartition map[int32][]*kgo.Record) []*kgo.Record {
	var all []*kgo.Record
	for _, p := range slices.Sorted(maps.Keys(byPartition)) {
		all = append(all, byPartition[p]...)
	}
	return all
}
