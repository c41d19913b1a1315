package queue

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Topic is a connector's work queue as its topic has it. It is for connectors that are stopped or paused: nothing of it is
// kept in memory but what is asked for.
type Topic struct {
	Name string // of the topic
	// Exists reports whether there is a topic of that name: a connector that was never started has none.
	Exists func(ctx context.Context, topic string) (bool, error)
	Open   func(topic string) (Reader, error)
}

// Reader reads single partitions; see kafka.Reader.
type Reader interface {
	Add(partition int32, apply func([]kafka.Entry))
	Remove(partition int32)
	Sync(ctx context.Context, partition int32) error
	Close()
}

// open returns nil when there is no topic.
func (t Topic) open(ctx context.Context) (Reader, error) {
	if there, err := t.Exists(ctx, t.Name); err != nil || !there {
		return nil, err
	}
	return t.Open(t.Name)
}

// read hands over all that is in a partition. each may take its time; after an error of its it is not called again.
func read(ctx context.Context, r Reader, partition int32, each func(kafka.Entry) error) error {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.Add(partition, func(entries []kafka.Entry) {
		for _, e := range entries {
			if inner.Err() != nil {
				return
			}
			if err := each(e); err != nil {
				stop(err)
			}
		}
	})
	err := r.Sync(inner, partition)
	r.Remove(partition)
	if inner.Err() != nil && ctx.Err() == nil {
		return context.Cause(inner)
	}
	return err
}

// Progress returns the progress of these items, by their keys; items that have none are left out.
func (t Topic) Progress(ctx context.Context, wanted []chaining.Key) (map[chaining.Key]*headwaterv1.Progress, error) {
	out := map[chaining.Key]*headwaterv1.Progress{}
	byLane := map[int32]map[string]chaining.Key{}
	for _, k := range wanted {
		if byLane[k.ID.Lane()] == nil {
			byLane[k.ID.Lane()] = map[string]chaining.Key{}
		}
		byLane[k.ID.Lane()][string(k.Bytes())] = k
	}
	r, err := t.open(ctx)
	if err != nil || r == nil {
		return out, err
	}
	defer r.Close()
	for lane, keys := range byLane {
		err := read(ctx, r, lane, func(e kafka.Entry) error {
			if k, ok := keys[string(e.Key)]; ok {
				follow(out, k, e.Value)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// follow takes a record of an item's progress: the greatest revision counts, a tombstone forgets.
func follow(known map[chaining.Key]*headwaterv1.Progress, k chaining.Key, value []byte) {
	if value == nil {
		delete(known, k)
		return
	}
	p := &headwaterv1.Progress{}
	if proto.Unmarshal(value, p) == nil && (known[k] == nil || p.GetRevision() > known[k].GetRevision()) {
		known[k] = p
	}
}

// Stored is an item that has an offset.
type Stored struct {
	Child  int
	Values map[string]string
	Offset []byte // Connect's JSON
}

// Stored returns up to limit items that have an offset and are announced, lane by lane.
func (t Topic) Stored(ctx context.Context, limit int) (out []Stored, err error) {
	r, err := t.open(ctx)
	if err != nil || r == nil {
		return nil, err
	}
	defer r.Close()
	for lane := range int32(chaining.Lanes) {
		some, err := stored(ctx, r, lane, limit-len(out))
		if err != nil {
			return nil, err
		}
		if out = append(out, some...); len(out) >= limit {
			break
		}
	}
	return out, nil
}

// stored reads a lane twice: who has an offset, then what their announcements say.
func stored(ctx context.Context, r Reader, lane int32, limit int) (out []Stored, err error) {
	known := map[chaining.Key]*headwaterv1.Progress{}
	err = read(ctx, r, lane, func(e kafka.Entry) error {
		k, err := chaining.ParseKey(e.Key)
		if err == nil && k.Kind == chaining.Progressed && (known[k] != nil || len(known) < limit) {
			follow(known, k, e.Value)
		}
		return nil
	})
	if err != nil || len(known) == 0 {
		return nil, err
	}
	announced := map[chaining.Key]*headwaterv1.Announcement{}
	err = read(ctx, r, lane, func(e kafka.Entry) error {
		k, err := chaining.ParseKey(e.Key)
		of := chaining.Key{Kind: chaining.Progressed, Child: k.Child, ID: k.ID}
		if err != nil || k.Kind != chaining.Announced || known[of] == nil {
			return nil
		}
		a := &headwaterv1.Announcement{}
		if delete(announced, of); e.Value != nil && proto.Unmarshal(e.Value, a) == nil {
			announced[of] = a
		}
		return nil
	})
	for k, a := range announced {
		if p := known[k]; len(p.GetOffset()) > 0 {
			out = append(out, Stored{k.Child, Values(a.GetValues()), p.GetOffset()})
		}
	}
	return out, err
}

// sweepBatch bounds the tombstones of one transaction.
const sweepBatch = 10_000

// Sweep writes tombstones for all that is in the queue, lane by lane, with commit, in transactions of bounded size. One
// that was cut off is finished by calling it again.
func (t Topic) Sweep(ctx context.Context, commit func(ctx context.Context, lane int32, tombstones []record.Message) error) error {
	r, err := t.open(ctx)
	if err != nil || r == nil {
		return err
	}
	defer r.Close()
	for lane := range int32(chaining.Lanes) {
		s := &sweep{topic: t.Name, lane: lane, keys: map[string]bool{}, commit: func(tombstones []record.Message) error {
			return commit(ctx, lane, tombstones)
		}}
		err := read(ctx, r, lane, s.take)
		if err == nil {
			err = s.flush()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep collects the keys of a lane.
type sweep struct {
	topic  string
	lane   int32
	keys   map[string]bool
	commit func([]record.Message) error
}

func (s *sweep) take(e kafka.Entry) error {
	if e.Value == nil {
		delete(s.keys, string(e.Key))
		return nil
	}
	if s.keys[string(e.Key)] = true; len(s.keys) < sweepBatch {
		return nil
	}
	return s.flush()
}

func (s *sweep) flush() error {
	if len(s.keys) == 0 {
		return nil
	}
	tombstones := make([]record.Message, 0, len(s.keys))
	for key := range s.keys {
		tombstones = append(tombstones, record.Message{Topic: s.topic, Key: []byte(key), Partition: s.lane + 1})
	}
	clear(s.keys)
	return s.commit(tombstones)
}

// Set is the progress of an item whose offset a person has set; before is what is known of it, nil: nothing.
func Set(before *headwaterv1.Progress, offset []byte, now time.Time) *headwaterv1.Progress {
	return &headwaterv1.Progress{
		State: headwaterv1.Progress_SET, Offset: offset, Revision: before.GetRevision() + 1, UnixMs: now.UnixMilli(),
	}
}
