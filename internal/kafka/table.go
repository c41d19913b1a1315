package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
)

// Table is a compacted topic held in memory, as Connect's KafkaBasedLog. One goroutine tails all partitions from their
// beginning, read committed; Sync brings it up to date. It is safe for concurrent use.
type Table struct {
	topic  string
	client *kgo.Client
	admin  *kadm.Client
	apply  func(offset int64, m record.Message)
	done   chan struct{}

	mu       sync.Mutex
	rows     map[string][]byte
	position map[int32]int64
	failed   error         // what the last fetch ended with; nil while all is well
	moved    chan struct{} // closed and replaced whenever position moves
}

// OpenTable starts to tail topic. apply, when not nil, is called for every record in order, tombstones too, by the
// tailing goroutine.
func (c *Cluster) OpenTable(topic string, apply func(offset int64, m record.Message)) (*Table, error) {
	isolation := kgo.ReadCommitted()
	if proof.Broken("R7") {
		isolation = kgo.ReadUncommitted()
	}
	cl, err := c.client(
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(isolation),
		// The last offset of a partition may be a commit marker: without it the position never reaches the end (R4).
		kgo.KeepControlRecords(),
		kgo.FetchMaxWait(500*time.Millisecond),
		kgo.FetchMaxPartitionBytes(4<<20),
	)
	if err != nil {
		return nil, err
	}
	t := &Table{
		topic: topic, client: cl, admin: kadm.NewClient(cl), apply: apply, done: make(chan struct{}),
		rows: map[string][]byte{}, position: map[int32]int64{}, moved: make(chan struct{}),
	}
	go t.tail()
	return t, nil
}

// Close stops the tailing and waits for it.
func (t *Table) Close() {
	t.client.Close()
	<-t.done
}

// Get returns the value of key as of the last record read.
func (t *Table) Get(key []byte) ([]byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.rows[string(key)]
	return v, ok
}

// Rows returns all rows in the order of their keys.
func (t *Table) Rows() []record.Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]record.Message, 0, len(t.rows))
	for _, k := range slices.Sorted(maps.Keys(t.rows)) {
		out = append(out, record.Message{Topic: t.topic, Key: []byte(k), Value: t.rows[k]})
	}
	return out
}

// tail reads until the client is closed.
func (t *Table) tail() {
	defer close(t.done)
	for {
		fetches := t.client.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		t.absorb(fetches)
	}
}

// absorb applies one fetch and tells those who wait.
func (t *Table) absorb(fetches kgo.Fetches) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = fetches.Err()
	fetches.EachRecord(func(r *kgo.Record) {
		t.position[r.Partition] = r.Offset + 1
		if r.Attrs.IsControl() {
			return
		}
		if r.Value == nil {
			delete(t.rows, string(r.Key))
		} else {
			t.rows[string(r.Key)] = r.Value
		}
		if t.apply != nil {
			t.apply(r.Offset, record.Message{Topic: r.Topic, Key: r.Key, Value: r.Value})
		}
	})
	close(t.moved)
	t.moved = make(chan struct{})
}

// Sync returns when everything that was in the topic when it was called has been read.
func (t *Table) Sync(ctx context.Context) error { return t.sync(ctx, nil) }

// SyncKey is Sync for the partition of key alone, so that another partition's open transaction is not waited for.
func (t *Table) SyncKey(ctx context.Context, key []byte) error { return t.sync(ctx, key) }

// sync waits for the high watermark and not for the last stable offset: behind another producer's open transaction the
// stable offset stands before commits that have happened (R4). The wait ends when that transaction does.
func (t *Table) sync(ctx context.Context, key []byte) error {
	op := "read topic " + t.topic + " to its end"
	ends, err := t.ends(ctx, key)
	if err != nil {
		return classify(op, err)
	}
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

// ends are the offsets to read up to, of all partitions or only of key's. A topic that was made a moment ago may not be
// known yet to every broker, and a leader may be moving: such answers are asked for again, for a while.
func (t *Table) ends(ctx context.Context, key []byte) (map[int32]int64, error) {
	for until := time.Now().Add(endsTimeout); ; {
		ends, err := t.listEnds(ctx, key)
		if err == nil || !kerr.IsRetriable(err) || time.Now().After(until) {
			return ends, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

const endsTimeout = 10 * time.Second

func (t *Table) listEnds(ctx context.Context, key []byte) (map[int32]int64, error) {
	list := t.admin.ListEndOffsets
	if proof.Broken("R4") {
		list = t.admin.ListCommittedOffsets
	}
	starts, err := t.admin.ListStartOffsets(ctx, t.topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, err
	}
	listed, err := list(ctx, t.topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, err
	}
	ends := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) {
		// A partition whose records were all deleted has an end and nothing to read.
		if s, ok := starts.Lookup(t.topic, o.Partition); ok && s.Offset < o.Offset {
			ends[o.Partition] = o.Offset
		}
	})
	if key == nil {
		return ends, nil
	}
	p := partitionOf(key, len(listed[t.topic]))
	if end, ok := ends[p]; ok {
		return map[int32]int64{p: end}, nil
	}
	return nil, nil
}

func lagging(position, ends map[int32]int64) (int32, bool) {
	for p, end := range ends {
		if position[p] < end {
			return p, true
		}
	}
	return 0, false
}

// partitionOf is where Kafka's default partitioner puts a key: murmur2 of its bytes, made positive.
func partitionOf(key []byte, partitions int) int32 {
	r := &kgo.Record{Key: key}
	return int32(kgo.StickyKeyPartitioner(nil).ForTopic("").Partition(r, partitions))
}
