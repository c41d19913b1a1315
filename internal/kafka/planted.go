package kafka

import (
	"context"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
)

// What follows is wrong on purpose: bugs that the tests of exactly once plant to see whether they are noticed. No build
// without the tag proof can reach it.

// apart splits what is to be one transaction into two, one after the other; nil: no rule that wants it is broken.
func apart(batches []record.Batch) (first, second []record.Batch) {
	switch {
	case proof.Broken("R1-offset-apart"):
		return withoutOffsets(batches), onlyOffsets(batches)
	case proof.Broken("R5"): // a work item's progress follows its page
		return split(batches, func(b record.Batch) (page, later record.Batch) {
			if b.Offset == nil || !queued(*b.Offset) {
				return b, record.Batch{Messages: record.Each()}
			}
			return record.Batch{Messages: b.Messages}, record.Batch{Messages: record.Each(), Offset: b.Offset}
		})
	case proof.Broken("R6"): // the announcements follow the parent's page
		return split(batches, func(b record.Batch) (page, later record.Batch) {
			rest := record.Batch{Messages: only(b, false), Offset: b.Offset}
			return rest, record.Batch{Messages: only(b, true)}
		})
	}
	return nil, nil
}

func split(batches []record.Batch, one func(record.Batch) (page, later record.Batch)) (first, second []record.Batch) {
	for _, b := range batches {
		page, later := one(b)
		first, second = append(first, page), append(second, later)
	}
	return first, second
}

// queued reports whether a message is of a work queue.
func queued(m record.Message) bool { return strings.HasPrefix(m.Topic, "HTTPv2-work-queue-") }

// only are those of a batch's messages that are of a work queue, or the others.
func only(b record.Batch, ofQueue bool) func(func(record.Message, error) bool) {
	return func(yield func(record.Message, error) bool) {
		for m, err := range b.Messages {
			if (err != nil || queued(m) == ofQueue) && !yield(m, err) {
				return
			}
		}
	}
}

// afterwards ends the transaction of the first part and commits the second in one of its own (against R1, R5, R6).
func (t *Transactor) afterwards(ctx context.Context, second []record.Batch) error {
	if err := t.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return err
	}
	proof.Point("apart")
	if err := t.client.BeginTransaction(); err != nil {
		return err
	}
	s := newSend(t.client)
	if err := s.all(ctx, second); err != nil {
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
