package kafka

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// CreateTopic makes a topic with one replica; config may be nil.
func CreateTopic(t testing.TB, bootstrap, topic string, partitions int32, config map[string]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := MakeTopic(ctx, bootstrap, topic, partitions, config); err != nil {
		t.Fatalf("create topic %s: %v", topic, err)
	}
}

// MakeTopic is CreateTopic for programs; ctx must bound it.
func MakeTopic(ctx context.Context, bootstrap, topic string, partitions int32, config map[string]string) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		return err
	}
	defer c.Close()
	values := map[string]*string{}
	for k, v := range config {
		values[k] = &v
	}
	admin := kadm.NewClient(c)
	if _, err := admin.CreateTopic(ctx, partitions, 1, values, topic); err != nil {
		return err
	}
	return awaitTopic(ctx, admin, topic, int(partitions))
}

// awaitTopic returns when every partition answers: on Kafka, CreateTopics is answered before.
func awaitTopic(ctx context.Context, admin *kadm.Client, topic string, partitions int) error {
	for {
		ends, err := admin.ListEndOffsets(ctx, topic)
		if err == nil && ends.Error() == nil && len(ends[topic]) == partitions {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for the %d partitions of %s to answer: %w: %w", partitions, topic, ctx.Err(), errors.Join(err, ends.Error()))
		case <-time.After(poll):
		}
	}
}
