package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/record"
)

// Producer is a Transactor without transactions, for exactly.once.source.support=disabled: idempotent, so that the
// client's own retries do not double, and at least once, since an offset follows its records instead of joining them.
type Producer struct {
	cluster *Cluster
	limits  Limits
	client  *kgo.Client
}

// Producer returns a producer that is opened by Claim.
func (c *Cluster) Producer(limits Limits) *Producer { return &Producer{cluster: c, limits: limits} }

// Claim opens the client. It fences nobody.
func (p *Producer) Claim(ctx context.Context) error {
	cl, err := p.cluster.client(p.cluster.producing(p.limits)...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	if _, _, err := cl.ProducerID(ctx); err != nil {
		cl.Close()
		return classify("open a producer", err)
	}
	p.client = cl
	return nil
}

// Commit sends the records, waits for all of them, and only then sends the offsets.
func (p *Producer) Commit(ctx context.Context, batches []record.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, 2*p.cluster.config.TransactionTimeout)
	defer cancel()
	if err := p.flushed(ctx, withoutOffsets(batches)); err != nil {
		return err
	}
	return p.flushed(ctx, onlyOffsets(batches))
}

func (p *Producer) flushed(ctx context.Context, batches []record.Batch) error {
	const op = "send records"
	s := newSend(p.client)
	if err := s.all(ctx, batches); err != nil {
		return classify(op, err)
	}
	if err := p.client.Flush(ctx); err != nil {
		return classify(op, err)
	}
	return classify(op, s.failure())
}

// Close lets go of the connections.
func (p *Producer) Close() {
	if p.client != nil {
		p.client.Close()
		p.client = nil
	}
}
