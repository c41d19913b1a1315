package kafka_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/headwater/headwater/internal/kafka/kafkatest"
)

// TestEmbedded runs the door's conformance suite on the embedded broker; test/integration runs the same on real Kafka.
func TestEmbedded(t *testing.T) {
	cluster := kfake.MustCluster(kfake.NumBrokers(1))
	t.Cleanup(cluster.Close)
	kafkatest.Exercise(t, cluster.ListenAddrs()[0])
}
