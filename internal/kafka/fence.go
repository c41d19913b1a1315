package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/headwater/headwater/internal/proof"
)

// fencing bounds how many transactional ids are claimed at a time.
const fencing = 32

// Fence claims each transactional id and lets go of it at once, so that no earlier holder can commit any more and what it
// left open is aborted when Fence returns (Connect's zombie fencing, KIP-618). It needs one client however many the ids
// are; each id has claimTimeout. An error names every id that may not be fenced.
func (c *Cluster) Fence(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	cl, err := c.client(kgo.RetryBackoffFn(func(tries int) time.Duration { return min(time.Duration(tries)*patience, 25*patience) }))
	if err != nil {
		return err
	}
	defer cl.Close()
	errs := make([]error, len(ids))
	var group errgroup.Group
	group.SetLimit(fencing)
	for i, id := range ids {
		group.Go(func() error {
			errs[i] = classify("claim transactional id "+id, c.fence(ctx, cl, id))
			return nil
		})
	}
	_ = group.Wait() // the errors of all, not the first one
	return errors.Join(errs...)
}

// patience is the first wait while the transaction coordinator aborts what the earlier holder left open.
const patience = 10 * time.Millisecond

// fence is one initTransactions. While the coordinator is busy with the id it says so, and is asked again.
func (c *Cluster) fence(ctx context.Context, cl *kgo.Client, id string) error {
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	for tries := 1; ; tries++ {
		err := c.initProducer(ctx, cl, claimed(id))
		if err == nil {
			proof.Point("claimed")
			return nil
		}
		if !errors.Is(err, kerr.ConcurrentTransactions) && !kerr.IsRetriable(err) {
			return err
		}
		select {
		case <-time.After(min(time.Duration(tries)*patience, 25*patience)):
		case <-ctx.Done():
			return err
		}
	}
}

// initProducer asks for the next epoch of a transactional id. That the coordinator has moved is franz-go's to deal with.
func (c *Cluster) initProducer(ctx context.Context, cl *kgo.Client, id string) error {
	r := kmsg.NewPtrInitProducerIDRequest()
	r.TransactionalID = &id
	r.TransactionTimeoutMillis = int32(c.config.TransactionTimeout.Milliseconds())
	r.ProducerID, r.ProducerEpoch = -1, -1
	answer, err := r.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(answer.ErrorCode)
}

// claimed is the transactional id that a claim takes: id, unless R2 is broken, or for lanes alone lane-claim.
func claimed(id string) string {
	if proof.Broken("R2") || proof.Broken("lane-claim") && strings.Contains(id, "-q") {
		return fmt.Sprintf("%s-%d", id, time.Now().UnixNano())
	}
	return id
}
