package kafka_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/headwater/headwater/internal/kafka/kafkatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestEmbedded runs the door's conformance suite on the embedded broker; test/integration runs the same on real Kafka.
func TestEmbedded(t *testing.T) {
	cluster := kfake.MustCluster(kfake.NumBrokers(1))
	t.Cleanup(cluster.Close)
	kafkatest.Exercise(t, cluster.ListenAddrs()[0])
}
