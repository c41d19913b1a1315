// Package audit reads what a chained connector has left in Kafka and judges it: records by their level and id, byte for
// byte, and the work queue item by item. It shares no code with the product: it has a client of its own, and reads the
// queue's protobuf field by field.
package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/chain/tree"
)

// Plan says where to look. The topics must be there.
type Plan struct {
	Client []kgo.Opt
	Topics []string // of records
	Queue  string   // the work queue
	Errors string   // the error topic
}

// Watch follows the topics, read committed, from their beginning. Close it.
type Watch struct {
	plan   Plan
	client *kgo.Client
	done   chan struct{}

	mu       sync.Mutex
	position map[place]int64
	records  map[string]*seen // by tree.Key
	visible  int
	queue    queue
	errors   []Failure
	odd      []string
}

type place struct {
	topic     string
	partition int32
}

// seen is what was read of one record.
type seen struct {
	times int
	value []byte // of the first
}

// Failure is a record of the error topic.
type Failure struct {
	Value   string
	Headers map[string]string
}

// Start begins to follow.
func Start(p Plan) (*Watch, error) {
	topics := append(append([]string{}, p.Topics...), p.Queue, p.Errors)
	c, err := kgo.NewClient(append(p.Client, kgo.ConsumeTopics(topics...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.KeepControlRecords(), kgo.FetchMaxWait(250*time.Millisecond))...)
	if err != nil {
		return nil, err
	}
	w := &Watch{plan: p, client: c, done: make(chan struct{}), position: map[place]int64{}, records: map[string]*seen{}, queue: newQueue()}
	go w.follow()
	return w, nil
}

// Close ends the watch.
func (w *Watch) Close() {
	w.client.Close()
	<-w.done
}

func (w *Watch) follow() {
	defer close(w.done)
	for {
		fetches := w.client.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		w.mu.Lock()
		fetches.EachError(func(topic string, partition int32, err error) {
			w.odd = append(w.odd, fmt.Sprintf("%s/%d: %v", topic, partition, err))
		})
		fetches.EachRecord(w.take)
		w.mu.Unlock()
	}
}

func (w *Watch) take(r *kgo.Record) {
	w.position[place{r.Topic, r.Partition}] = r.Offset + 1
	switch {
	case r.Attrs.IsControl():
	case r.Topic == w.plan.Queue:
		if err := w.queue.take(r); err != nil {
			w.odd = append(w.odd, fmt.Sprintf("%s/%d at %d: %v", r.Topic, r.Partition, r.Offset, err))
		}
	case r.Topic == w.plan.Errors:
		f := Failure{Value: string(r.Value), Headers: map[string]string{}}
		for _, h := range r.Headers {
			f.Headers[h.Key] = string(h.Value)
		}
		w.errors = append(w.errors, f)
	default:
		w.record(r)
	}
}

func (w *Watch) record(r *kgo.Record) {
	var body struct {
		Level, ID string
		Changed   int64
	}
	if err := json.Unmarshal(r.Value, &body); err != nil || body.ID == "" {
		w.odd = append(w.odd, fmt.Sprintf("%s/%d at %d holds %.200q: %v", r.Topic, r.Partition, r.Offset, r.Value, err))
		return
	}
	w.visible++
	key := tree.Key(body.Level, body.ID, body.Changed)
	if s := w.records[key]; s != nil {
		s.times++
		return
	}
	w.records[key] = &seen{times: 1, value: bytes.Clone(r.Value)}
}

// Visible is how many records have arrived, those that came twice counted twice.
func (w *Watch) Visible() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.visible
}

// Read is how much has been read of all the topics together: it stands still when the crawl does.
func (w *Watch) Read() (n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, offset := range w.position {
		n += offset
	}
	return n
}

// Has reports how often a record has arrived, by its tree.Key.
func (w *Watch) Has(key string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.records[key]; s != nil {
		return s.times
	}
	return 0
}

// Errors is what stands in the error topic.
func (w *Watch) Errors() []Failure {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Failure{}, w.errors...)
}

// Settle waits until nothing is open in the topics any more, and everything in them was read.
func (w *Watch) Settle(ctx context.Context) error {
	admin := kadm.NewClient(w.client)
	for {
		err := w.behind(ctx, admin)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for the topics to come to rest: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// behind says what is open or unread. The stable ends are asked for first: later, they could be ahead of the others.
func (w *Watch) behind(ctx context.Context, admin *kadm.Client) error {
	topics := append(append([]string{}, w.plan.Topics...), w.plan.Queue, w.plan.Errors)
	stable, err := admin.ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return err
	}
	high, err := admin.ListEndOffsets(ctx, topics...)
	if err = errors.Join(err, stable.Error(), high.Error()); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	high.Each(func(o kadm.ListedOffset) {
		at := w.position[place{o.Topic, o.Partition}]
		if lso, _ := stable.Lookup(o.Topic, o.Partition); lso.Offset < o.Offset || at < o.Offset {
			err = fmt.Errorf("%s/%d ends at %d, is stable up to %d and read up to %d", o.Topic, o.Partition, o.Offset, lso.Offset, at)
		}
	})
	return err
}
