// Package integration runs what internal/kafka promises on the embedded broker and on real Kafka, with both transaction
// versions.
package integration

import (
	"os"
	"testing"

	"github.com/headwater/headwater/internal/kafka/kafkatest"
	"github.com/headwater/headwater/test/kafka"
)

func TestMain(m *testing.M) { os.Exit(kafka.Run(m)) }

func TestDoorToTheBroker(t *testing.T) {
	kafka.Both(t, kafkatest.Exercise, 1, 2)
}
