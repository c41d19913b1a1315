package build

import (
	"context"
	"time"

	"github.com/headwater/headwater/internal/kafka"
)

// topicsKept is how long a topic that was found in order is not looked at again: a cluster's tasks share few topics, and
// hundreds of tasks may start at once.
const topicsKept = time.Minute

// Topics creates and checks the connectors' topics. It is safe for concurrent use; one question goes to Kafka at a time.
type Topics struct {
	admin *kafka.Admin
	turn  chan struct{}         // held by whoever uses known
	known map[string]knownTopic // by name
}

type knownTopic struct {
	limit int // max.message.bytes
	until time.Time
}

// NewTopics returns one that has looked at nothing.
func NewTopics(admin *kafka.Admin) *Topics {
	return &Topics{admin: admin, turn: make(chan struct{}, 1), known: map[string]knownTopic{}}
}

// ensure returns the greatest message that the topic takes, in bytes.
func (t *Topics) ensure(ctx context.Context, topic kafka.Topic) (int, error) {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-t.turn }()
	if limit, ok := t.kept(topic.Name); ok {
		return limit, nil
	}
	if err := t.admin.Ensure(ctx, topic); err != nil {
		return 0, err
	}
	limit := t.admin.MaxMessageBytes(ctx, topic.Name)
	t.known[topic.Name] = knownTopic{limit, time.Now().Add(topicsKept)}
	return limit, nil
}

func (t *Topics) kept(name string) (int, bool) {
	k, ok := t.known[name]
	if ok && time.Now().After(k.until) {
		delete(t.known, name)
		ok = false
	}
	return k.limit, ok
}

// InternalSettings make the cleaner reach the active segment, so that a restart does not read months of old offsets.
var InternalSettings = map[string]string{"segment.bytes": "67108864", "max.compaction.lag.ms": "3600000"}
