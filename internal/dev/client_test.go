package dev_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// deadline bounds every wait of these tests on a broker.
const deadline = 20 * time.Second

func client(t *testing.T, bootstrap string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(bootstrap))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func createTopic(t *testing.T, bootstrap, name string, partitions int32, config map[string]*string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	if _, err := kadm.NewClient(client(t, bootstrap)).CreateTopic(ctx, partitions, 1, config, name); err != nil {
		t.Fatalf("create topic %s: %v", name, err)
	}
}

// producer is a transactional producer with its own hand on partitions.
func producer(t *testing.T, bootstrap, id string) *kgo.Client {
	return client(t, bootstrap, kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0), kgo.RequestRetries(3),
		kgo.RetryBackoffFn(func(int) time.Duration { return 5 * time.Millisecond }))
}

func begin(t *testing.T, c *kgo.Client, topic string, value string, partitions ...int32) {
	t.Helper()
	if err := c.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := produce(t.Context(), c, topic, value, partitions...); err != nil {
		t.Fatal(err)
	}
}

func produce(ctx context.Context, c *kgo.Client, topic string, value string, partitions ...int32) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	var records []*kgo.Record
	for _, p := range partitions {
		records = append(records, &kgo.Record{Topic: topic, Partition: p, Key: []byte(value), Value: []byte(value)})
	}
	return c.ProduceSync(ctx, records...).FirstErr()
}

func commit(t *testing.T, c *kgo.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	if err := c.EndTransaction(ctx, kgo.TryCommit); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// committed reads what a read_committed consumer sees, by partition: every record up to the last stable offset, which
// must be the end of the partition.
func committed(t *testing.T, bootstrap, topic string, partitions int) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	c := client(t, bootstrap, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ends, err := kadm.NewClient(c).ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	values, at := make([][]string, partitions), make([]int64, partitions)
	for !reached(ends, topic, at) {
		fetches := c.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("waited %v for %s to be read up to %v, got to %v", deadline, topic, ends, at)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			at[r.Partition] = r.Offset + 1
			if !r.Attrs.IsControl() {
				values[r.Partition] = append(values[r.Partition], string(r.Value))
			}
		})
	}
	return values
}

func reached(ends kadm.ListedOffsets, topic string, at []int64) bool {
	for p, offset := range at {
		if end, ok := ends.Lookup(topic, int32(p)); ok && offset < end.Offset {
			return false
		}
	}
	return true
}
