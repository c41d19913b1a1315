package tail

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/fault"
)

// Entry is a record as a Reader hands it over. Key and Value may be kept; each keeps the whole batch that it came in, so
// copy what is to stay for long.
type Entry struct {
	Key, Value []byte // nil: null. A null Value is a tombstone
	Offset     int64
}

// Reader tails single partitions of a topic, read committed, each from its beginning. One goroutine reads and applies;
// nothing is kept but what was fetched ahead, at most about 4 MiB of batches for each broker. It is safe for concurrent use.
type Reader struct {
	reach
	client *kgo.Client
	life   context.Context
	cancel context.CancelFunc
	done   chan struct{}

	// Under reach's mu. parts is changed by the reading goroutine only.
	parts     map[int32]*part
	orders    []order
	interrupt context.CancelFunc // ends the wait for a fetch, for the sake of orders

	entries []Entry // of the reading goroutine
}

// part is one partition that is read, from Add to Remove.
type part struct {
	apply func([]Entry)
	life  context.Context
	end   context.CancelFunc
}

// order is what is to be done between two fetches: none is being waited for, and none is in hand.
type order struct {
	do   func()
	done chan struct{}
}

// Most of what is fetched waits for those who apply it: small fetches, one ahead of the one in hand.
const (
	fetchBytes     = 2 << 20
	fetchPartBytes = 1 << 20
)

// OpenReader opens a reader of a topic that reads nothing yet; it connects when first used. Close it.
func OpenReader(door Door, topic string) (*Reader, error) {
	cl, err := door.tail(kgo.FetchMaxBytes(fetchBytes), kgo.FetchMaxPartitionBytes(fetchPartBytes))
	if err != nil {
		return nil, err
	}
	r := &Reader{client: cl, done: make(chan struct{}), parts: map[int32]*part{}, interrupt: func() {}}
	r.life, r.cancel = context.WithCancel(context.Background())
	r.begin(r.life, door, topic, cl)
	go r.read()
	return r, nil
}

// Close stops the reading and waits for it: nothing is applied after it has returned.
func (r *Reader) Close() {
	r.cancel()
	r.client.Close()
	r.asking.close()
	<-r.done
}

// Add starts to read a partition from its beginning. apply gets the records of each fetch in order, on the reading
// goroutine: the next fetch comes when it has returned. It must not keep the slice, nor call Add, Remove or Close. Adding
// a partition that is read does nothing. Add waits for an apply that is running.
func (r *Reader) Add(partition int32, apply func([]Entry)) {
	r.between(func() {
		if r.parts[partition] != nil {
			return
		}
		p := &part{apply: apply}
		p.life, p.end = context.WithCancel(r.life)
		r.mu.Lock()
		r.parts[partition] = p
		delete(r.position, partition)
		r.mu.Unlock()
		start := kgo.NewOffset().AtStart()
		r.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{r.topic: {partition: start}})
	})
}

// Remove ends the reading of a partition: nothing of it is applied after Remove has returned, and who waits for it in
// Sync gets an error. It may be added again and is then read from its beginning. Remove waits for an apply that is running.
func (r *Reader) Remove(partition int32) {
	r.between(func() {
		p := r.parts[partition]
		if p == nil {
			return
		}
		// It drops what was fetched ahead, of all partitions; the others are fetched again from where they are.
		r.client.RemoveConsumePartitions(map[string][]int32{r.topic: {partition}})
		r.mu.Lock()
		delete(r.parts, partition)
		r.mu.Unlock()
		p.end()
	})
}

// Sync returns when everything has been applied that was in the partition, below its high watermark, when Sync was
// called. Any number of goroutines may call it at once. A partition that is not read is an error.
func (r *Reader) Sync(ctx context.Context, partition int32) error {
	r.mu.Lock()
	p := r.parts[partition]
	r.mu.Unlock()
	if p == nil {
		return r.unread(partition)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	err := r.sync(ctx, func(int) int32 { return partition })
	if p.life.Err() != nil {
		return r.unread(partition)
	}
	return err
}

func (r *Reader) unread(partition int32) error {
	return &fault.Error{
		Kind: fault.Retriable, Op: "read topic " + r.topic + " to its end",
		Err: fmt.Errorf("partition %d is not read, or no more", partition),
	}
}

// Position is up to where a partition has been applied and its latest end that was heard of, 0 while nothing was. It is
// for people: an idle partition's end may be older than the broker's.
func (r *Reader) Position(partition int32) (at, end int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at = r.position[partition]
	return at, max(at, r.end[partition])
}

// between has the reading goroutine do something between two fetches and waits for it. A record that was fetched before
// is thus applied before, or never: not to a partition that was removed and added again meanwhile.
func (r *Reader) between(do func()) {
	o := order{do, make(chan struct{})}
	r.mu.Lock()
	r.orders = append(r.orders, o)
	r.interrupt()
	r.mu.Unlock()
	select {
	case <-o.done:
	case <-r.done:
	}
}

// read carries out orders and reads in turn until the reader is closed.
func (r *Reader) read() {
	defer close(r.done)
	for r.life.Err() == nil {
		orders, ctx := r.next()
		for _, o := range orders {
			o.do()
			close(o.done)
		}
		r.absorb(r.client.PollFetches(ctx))
	}
}

// next takes the orders. An order that comes after them ends ctx.
func (r *Reader) next() ([]order, context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	orders := r.orders
	r.orders = nil
	r.interrupt()
	var ctx context.Context
	ctx, r.interrupt = context.WithCancel(r.life)
	return orders, ctx
}

// absorb applies one fetch, partition by partition, and tells those who wait.
func (r *Reader) absorb(fetches kgo.Fetches) {
	failed := fetches.Err()
	if errors.Is(failed, context.Canceled) {
		return // an order, or Close
	}
	r.mu.Lock()
	r.failed = failed
	r.mu.Unlock()
	fetches.EachPartition(func(f kgo.FetchTopicPartition) {
		p := r.parts[f.Partition]
		if p == nil || len(f.Records) == 0 || r.life.Err() != nil {
			return
		}
		if entries := r.entriesOf(f.Records); len(entries) > 0 {
			p.apply(entries)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.position[f.Partition] = f.Records[len(f.Records)-1].Offset + 1
		r.end[f.Partition] = max(r.end[f.Partition], f.HighWatermark)
		r.notify()
	})
}

// entriesOf leaves out control records, whose offsets count all the same.
func (r *Reader) entriesOf(records []*kgo.Record) []Entry {
	r.entries = r.entries[:0]
	for _, one := range records {
		if !one.Attrs.IsControl() {
			r.entries = append(r.entries, Entry{one.Key, one.Value, one.Offset})
		}
	}
	return r.entries
}
