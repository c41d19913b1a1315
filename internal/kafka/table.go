package kafka

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

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
	cancel context.CancelFunc
	asking listings
	done   chan struct{}

	skipping sync.Mutex // held while the starts are asked for

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
	ctx, cancel := context.WithCancel(context.Background())
	t := &Table{
		topic: topic, client: cl, admin: kadm.NewClient(cl), apply: apply, cancel: cancel, done: make(chan struct{}),
		rows: map[string][]byte{}, position: map[int32]int64{}, moved: make(chan struct{}),
	}
	t.asking.ask = func() (kadm.ListedOffsets, error) { return t.listEnds(ctx) }
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

func (t *Table) notify() {
	close(t.moved)
	t.moved = make(chan struct{})
}
