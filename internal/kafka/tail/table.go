package tail

import (
	"context"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/record"
)

// Table is a compacted topic held in memory, as Connect's KafkaBasedLog. One goroutine tails all partitions from their
// beginning, read committed; Sync brings it up to date. It is safe for concurrent use.
type Table struct {
	reach  // its mu guards rows too
	client *kgo.Client
	apply  func(offset int64, m record.Message)
	cancel context.CancelFunc
	done   chan struct{}
	rows   map[string][]byte
}

// OpenTable starts to tail topic. apply, when not nil, is called for every record in order, tombstones too, by the
// tailing goroutine.
func OpenTable(door Door, topic string, apply func(offset int64, m record.Message)) (*Table, error) {
	cl, err := door.tail(kgo.ConsumeTopics(topic), kgo.FetchMaxPartitionBytes(4<<20))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &Table{client: cl, apply: apply, cancel: cancel, done: make(chan struct{}), rows: map[string][]byte{}}
	t.begin(ctx, door, topic, cl)
	go t.tail()
	return t, nil
}

// Close stops the tailing and waits for it.
func (t *Table) Close() {
	t.cancel()
	t.client.Close()
	t.asking.close()
	<-t.done
}

// Sync returns when everything that was in the topic when it was called has been read. Any number of goroutines may call
// it at once: they share the questions to the broker.
func (t *Table) Sync(ctx context.Context) error { return t.sync(ctx, nil) }

// SyncKey is Sync for the partition of key alone, so that another partition's open transaction is not waited for.
func (t *Table) SyncKey(ctx context.Context, key []byte) error {
	if key == nil {
		return t.sync(ctx, nil)
	}
	return t.sync(ctx, func(partitions int) int32 { return partitionOf(key, partitions) })
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
	t.notify()
}

// partitionOf is where Kafka's default partitioner puts a key: murmur2 of its bytes, made positive.
func partitionOf(key []byte, partitions int) int32 {
	if len(key) == 0 || partitions == 0 {
		return 0
	}
	r := &kgo.Record{Key: key}
	return int32(kgo.StickyKeyPartitioner(nil).ForTopic("").Partition(r, partitions))
}
