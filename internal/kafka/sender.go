package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/record"
)

// Sender sends rows outside of transactions: idempotent, acks=all. It is safe for concurrent use.
type Sender struct{ client *kgo.Client }

// Sender opens a sender; it connects when first used. Close it.
func (c *Cluster) Sender() (*Sender, error) {
	// A row that was tried once may be given up: without this the library waits for the broker for ever.
	cl, err := c.client(append(c.producing(nil), kgo.AllowIdempotentProduceCancellation())...)
	if err != nil {
		return nil, err
	}
	return &Sender{cl}, nil
}

// Send returns when all in-sync replicas have every message, or after transaction.timeout.ms at the latest with an error.
// Messages of one key sent by one goroutine stay in order. After an error some may have been written: sent again, they
// stand there twice, which a compacted topic does not mind.
func (s *Sender) Send(ctx context.Context, messages []record.Message) error {
	records := make([]*kgo.Record, len(messages))
	for i, m := range messages {
		records[i] = &kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value}
		if m.Partition > 0 {
			records[i].Context = &place{Context: ctx, partition: m.Partition - 1}
		}
	}
	for _, sent := range s.client.ProduceSync(ctx, records...) {
		if sent.Err != nil {
			return classify("send rows", misplaced(sent.Record, sent.Err))
		}
	}
	return nil
}

// Close lets go of the connections. What is being sent fails.
func (s *Sender) Close() { s.client.Close() }
