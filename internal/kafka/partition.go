package kafka

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/fault"
)

// place says which partition a record goes to, whatever its key says. It travels as the record's context, which stays in
// this process: franz-go sets the record's own field Partition while it looks for room in a batch.
type place struct {
	context.Context
	partition int32
	missing   atomic.Bool // the topic has no such partition
}

// byPlace is the partitioner of all producers: a record with a place goes there, every other one where Java's default
// partitioner puts it (murmur2 over the key).
type byPlace struct{ byKey kgo.Partitioner }

func placing() kgo.Partitioner { return byPlace{kgo.StickyKeyPartitioner(nil)} }

// noting notes when its client meets a topic, before anything is sent there.
type noting struct {
	kgo.Partitioner
	met *atomic.Bool
}

// ForTopic implements kgo.Partitioner.
func (n noting) ForTopic(topic string) kgo.TopicPartitioner {
	n.met.Store(true)
	return n.Partitioner.ForTopic(topic)
}

// ForTopic implements kgo.Partitioner.
func (b byPlace) ForTopic(topic string) kgo.TopicPartitioner {
	return topicByPlace{b.byKey.ForTopic(topic)}
}

type topicByPlace struct{ kgo.TopicPartitioner }

// RequiresConsistency implements kgo.TopicPartitioner: a partition without a leader is waited for, not passed by.
func (t topicByPlace) RequiresConsistency(r *kgo.Record) bool {
	_, placed := r.Context.(*place)
	return placed || t.TopicPartitioner.RequiresConsistency(r)
}

// Partition implements kgo.TopicPartitioner. A choice that is not below n fails the record.
func (t topicByPlace) Partition(r *kgo.Record, n int) int {
	p, placed := r.Context.(*place)
	if !placed {
		return t.TopicPartitioner.Partition(r, n)
	}
	if int(p.partition) >= n {
		p.missing.Store(true)
	}
	return int(p.partition)
}

// OnNewBatch implements kgo.TopicPartitionerOnNewBatch, by which records without a key change their partition.
func (t topicByPlace) OnNewBatch() {
	if next, ok := t.TopicPartitioner.(kgo.TopicPartitionerOnNewBatch); ok {
		next.OnNewBatch()
	}
}

// misplaced is err, or what there is to say when r failed because its partition does not exist.
func misplaced(r *kgo.Record, err error) error {
	p, placed := r.Context.(*place)
	if err == nil || !placed || !p.missing.Load() {
		return err
	}
	return &fault.Error{
		Op:  fmt.Sprintf("send to partition %d of topic %s", p.partition, r.Topic),
		Err: fmt.Errorf("the topic has no such partition: %w", err), Hint: "create the topic with all its partitions",
	}
}
