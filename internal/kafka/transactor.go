package kafka

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
)

// Transactor commits batches under one transactional id, each call one transaction. It is used by one goroutine. After
// any error it is spent (R11): Close it and claim again.
type Transactor struct {
	cluster *Cluster
	id      string
	limits  Limits
	client  *kgo.Client
	met     atomic.Bool // client has met a topic, and may not have stored its partitions yet
}

// Limits are the greatest batch sizes by topic, in bytes (max.message.bytes); a topic that is not listed has Kafka's
// default.
type Limits map[string]int

// DefaultMaxMessageBytes is the broker's default of max.message.bytes.
const DefaultMaxMessageBytes = 1048588

// Of returns the limit of a topic.
func (l Limits) Of(topic string) int {
	if n, ok := l[topic]; ok {
		return n
	}
	return DefaultMaxMessageBytes
}

// claimTimeout bounds a claim. The transaction coordinator may first have to abort what an earlier holder left open.
const claimTimeout = 30 * time.Second

// Transactor returns a transactor that holds nothing until Claim.
func (c *Cluster) Transactor(id string, limits Limits) *Transactor {
	return &Transactor{cluster: c, id: id, limits: limits}
}

// Claim takes the transactional id: every earlier holder is fenced and what it left open is aborted (initTransactions).
// Read offsets only after it (R3).
func (t *Transactor) Claim(ctx context.Context) error {
	cl, err := t.cluster.client(append(t.cluster.producing(t.limits),
		kgo.TransactionalID(claimed(t.id)), kgo.TransactionTimeout(t.cluster.config.TransactionTimeout),
		kgo.RecordPartitioner(noting{placing(), &t.met}))...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	// franz-go asks for a producer id only with the first record, which would be after the offsets were read.
	if _, _, err := cl.ProducerID(ctx); err != nil {
		cl.Close()
		return classify("claim transactional id "+t.id, err)
	}
	t.client = cl
	proof.Point("claimed")
	return nil
}

// Commit makes the batches visible, all of it or nothing. Of several offsets of one source partition only the last is
// written. When the outcome cannot be known, it returns a retriable error: the next claim settles it.
func (t *Transactor) Commit(ctx context.Context, batches []record.Batch) error {
	err := t.commit(ctx, batches)
	if err == nil || !proof.Broken("R11") {
		return err
	}
	return t.onceMore(ctx, batches)
}

func (t *Transactor) commit(ctx context.Context, batches []record.Batch) error {
	op := "commit under transactional id " + t.id
	ctx, cancel := context.WithTimeout(ctx, 2*t.cluster.config.TransactionTimeout)
	defer cancel()
	if err := t.client.BeginTransaction(); err != nil {
		return classify(op, err)
	}
	proof.Point("begun")
	err := t.produce(ctx, batches)
	if err != nil && !proof.Broken("R1-promise-ignored") {
		return classify(op, errors.Join(err, t.abort(ctx)))
	}
	proof.Point("ending")
	if proof.Broken("R9") {
		time.Sleep(3 * time.Second) // as if a page were fetched with the transaction open
	}
	if _, second := apart(batches); second != nil {
		return t.afterwards(ctx, second)
	}
	if err := t.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return classify(op, err)
	}
	proof.Point("committed")
	return nil
}

// produce hands everything over and waits for every answer: a transaction that ends before its records are answered
// for would move the offset without them (R1, R15).
func (t *Transactor) produce(ctx context.Context, batches []record.Batch) error {
	s := newSend(t.client)
	if first, _ := apart(batches); first != nil {
		batches = first
	}
	if err := s.all(ctx, batches); err != nil {
		return err
	}
	if proof.Broken("R15") {
		return nil
	}
	if err := t.client.Flush(ctx); err != nil {
		return err
	}
	t.settle()
	proof.Point("flushed")
	return s.failure()
}

// nobody is a topic that cannot be.
const nobody = "\x00"

// settle waits until the client has stored the partitions of topics that it met. franz-go 1.22 sends what waited for them
// before it stores them, and EndTransaction, which looks there for what the transaction has, could find nothing, abort, and
// say that all is well. A purge, even of nothing, waits for the update of metadata to end.
func (t *Transactor) settle() {
	if t.met.Swap(false) {
		t.client.PurgeTopicsFromProducing(nobody)
	}
}

// abort gives up the open transaction, so that readers need not wait for its timeout.
func (t *Transactor) abort(ctx context.Context) error {
	if err := t.client.AbortBufferedRecords(ctx); err != nil {
		return err
	}
	return t.client.EndTransaction(ctx, kgo.TryAbort)
}

// Close lets go of the connections (R8). It does not wait for anything: what is open will be aborted by the next claim.
func (t *Transactor) Close() {
	if t.client != nil {
		t.client.CloseAllowingRebalance()
		t.client = nil
	}
}

// producing are the options all producers share.
func (c *Cluster) producing(limits Limits) []kgo.Opt {
	return []kgo.Opt{
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(0), // Commit flushes: waiting for more would be waiting for nothing
		kgo.ProducerBatchCompression(compression(c.config.Compression)...),
		kgo.ProducerBatchMaxBytesFn(func(topic string) int32 { return int32(limits.Of(topic)) }),
		kgo.MaxBufferedRecords(100_000),
		kgo.MaxBufferedBytes(maxBuffered),
		kgo.RecordPartitioner(placing()),
		kgo.RecordDeliveryTimeout(c.config.TransactionTimeout),
		kgo.UnknownTopicRetries(3),
	}
}

// maxBuffered bounds what a producer holds of a page that comes from a spool file.
const maxBuffered = 24 << 20

func compression(name string) []kgo.CompressionCodec {
	switch name {
	case "gzip":
		return []kgo.CompressionCodec{kgo.GzipCompression()}
	case "snappy":
		return []kgo.CompressionCodec{kgo.SnappyCompression()}
	case "lz4":
		return []kgo.CompressionCodec{kgo.Lz4Compression()}
	case "zstd":
		return []kgo.CompressionCodec{kgo.ZstdCompression()}
	}
	return []kgo.CompressionCodec{kgo.NoCompression()}
}
