package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/record"
)

// What follows is wrong on purpose: bugs that the tests of exactly once plant to see whether they are noticed. No build
// without the tag proof can reach it.

// offsetsApart ends the transaction of the records and commits the offsets in one of their own (against R1).
func (t *Transactor) offsetsApart(ctx context.Context, batches []record.Batch) error {
	if err := t.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return err
	}
	if err := t.client.BeginTransaction(); err != nil {
		return err
	}
	s := newSend(t.client)
	if err := s.all(ctx, onlyOffsets(batches)); err != nil {
		return err
	}
	if err := t.client.Flush(ctx); err != nil {
		return err
	}
	return t.client.EndTransaction(ctx, kgo.TryCommit)
}

// onceMore takes an unknown outcome for a failure and commits the same again with the same client (against R11).
func (t *Transactor) onceMore(ctx context.Context, batches []record.Batch) error {
	if err := t.client.EndTransaction(ctx, kgo.TryAbort); err != nil {
		return classify("abort", err)
	}
	return t.commit(ctx, batches)
}
