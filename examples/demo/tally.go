package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// tally counts what is in the topics. It is safe for concurrent use.
type tally struct {
	client *kgo.Client
	mu     sync.Mutex
	counts map[string]*count
	fault  error
}

// count is one topic's.
type count struct {
	records int
	ids     map[string]int // how often each id came
	first   *kgo.Record
	last    *kgo.Record
}

// newTally makes a plain Kafka client, which knows nothing of Headwater, and reads topics from their beginnings. It sees
// what is committed and nothing else.
func newTally(broker string, topics []string) (*tally, error) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(broker),
		kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(250*time.Millisecond),
		kgo.MetadataMinAge(100*time.Millisecond), // the topics do not exist yet: look again soon
		kgo.MetadataMaxAge(time.Second),
		kgo.ConsiderMissingTopicDeletedAfter(time.Hour), // and while the broker is down, they are not gone
	)
	if err != nil {
		return nil, fmt.Errorf("make a Kafka client: %w", err)
	}
	t := &tally{client: client, counts: map[string]*count{}}
	for _, topic := range topics {
		t.counts[topic] = &count{ids: map[string]int{}}
	}
	return t, nil
}

// run reads until ctx ends.
func (t *tally) run(ctx context.Context) {
	defer t.client.Close()
	for ctx.Err() == nil {
		// Fetch errors are passed over: the broker starts after us, and the client asks again.
		t.client.PollFetches(ctx).EachRecord(t.add)
	}
}

func (t *tally) add(r *kgo.Record) {
	var body struct {
		ID json.RawMessage `json:"id"`
	}
	err := json.Unmarshal(r.Value, &body)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.fault = fmt.Errorf("record %s/%d@%d is no JSON: %w", r.Topic, r.Partition, r.Offset, err)
		return
	}
	c := t.counts[r.Topic]
	c.records++
	c.ids[string(body.ID)]++
	if c.first == nil {
		c.first = r
	}
	c.last = r
}

// ids returns how often each id came in topic.
func (t *tally) ids(topic string) map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts[topic].ids)
}

// ends returns topic's first and last record; nil when there is none.
func (t *tally) ends(topic string) (first, last *kgo.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts[topic]
	return c.first, c.last
}

// standing is how many records a topic has, and how many distinct ids among them.
type standing struct{ records, distinct int }

// standings returns where each topic stands.
func (t *tally) standings() map[string]standing {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make(map[string]standing, len(t.counts))
	for topic, c := range t.counts {
		all[topic] = standing{records: c.records, distinct: len(c.ids)}
	}
	return all
}

// fail notes an error of the run for failure.
func (t *tally) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fault = err
}

func (t *tally) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fault
}
