package kafka

import (
	"context"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
)

// Records are allocated many at a time, since one allocation a record would cost more than sending it: first for a few,
// for what an idle API brings, then for twice as many.
const (
	firstSlab = 16
	lastSlab  = 256
)

// send hands messages to a client and keeps the first error that comes back.
type send struct {
	client *kgo.Client
	slab   []kgo.Record     // what is left of the newest
	size   int              // of the next
	places map[int32]*place // by Message.Partition: one for all records that go there

	mu    sync.Mutex
	first error
}

func newSend(client *kgo.Client) *send {
	return &send{client: client, size: firstSlab, places: map[int32]*place{}}
}

// all hands over the batches' messages, then their offsets, the last one of each source partition.
func (s *send) all(ctx context.Context, batches []record.Batch) error {
	for i, b := range batches {
		for m, err := range b.Messages {
			if err != nil {
				return err
			}
			s.one(ctx, m)
		}
		if i == len(batches)/2 {
			proof.Point("produced")
		}
	}
	for _, m := range lastOffsets(batches) {
		s.one(ctx, m)
	}
	return nil
}

// lastOffsets keeps, of each key, only the newest offset.
func lastOffsets(batches []record.Batch) []record.Message {
	kept := make([]record.Message, 0, len(batches))
	at := make(map[string]int, len(batches))
	for _, b := range batches {
		if b.Offset == nil {
			continue
		}
		if i, ok := at[string(b.Offset.Key)]; ok {
			kept[i] = *b.Offset
			continue
		}
		at[string(b.Offset.Key)] = len(kept)
		kept = append(kept, *b.Offset)
	}
	return kept
}

// withoutOffsets are the same batches with records alone.
func withoutOffsets(batches []record.Batch) []record.Batch {
	out := make([]record.Batch, len(batches))
	for i, b := range batches {
		out[i] = record.Batch{Messages: b.Messages}
	}
	return out
}

// onlyOffsets are the same batches with offsets alone.
func onlyOffsets(batches []record.Batch) []record.Batch {
	out := make([]record.Batch, len(batches))
	for i, b := range batches {
		out[i] = record.Batch{Messages: record.Each(), Offset: b.Offset}
	}
	return out
}

func (s *send) one(ctx context.Context, m record.Message) {
	r := s.record()
	r.Topic, r.Key, r.Value = m.Topic, m.Key, m.Value
	if m.Partition > 0 {
		r.Context = s.place(ctx, m.Partition)
	}
	if len(m.Headers) > 0 {
		r.Headers = make([]kgo.RecordHeader, len(m.Headers))
		for i, h := range m.Headers {
			r.Headers[i] = kgo.RecordHeader{Key: h.Key, Value: h.Value}
		}
	}
	s.client.Produce(ctx, r, s.answered)
}

// record returns a new one.
func (s *send) record() *kgo.Record {
	if len(s.slab) == 0 {
		s.slab, s.size = make([]kgo.Record, s.size), min(2*s.size, lastSlab)
	}
	r := &s.slab[0]
	s.slab = s.slab[1:]
	return r
}

// place is where the records of that Message.Partition go. All records of a send have one ctx.
func (s *send) place(ctx context.Context, partition int32) *place {
	p := s.places[partition]
	if p == nil {
		p = &place{Context: ctx, partition: partition - 1}
		s.places[partition] = p
	}
	return p
}

// answered is every record's promise (R1: any record's error aborts the transaction).
func (s *send) answered(r *kgo.Record, err error) {
	if err == nil {
		return
	}
	err = misplaced(r, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.first = err
	}
}

func (s *send) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}
