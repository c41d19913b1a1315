package kafka_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
)

// embedded is a broker of the test's own with a work queue of 15 lanes.
func embedded(tb testing.TB) (*kfake.Cluster, *kafka.Cluster) {
	tb.Helper()
	broker := kfake.MustCluster(kfake.NumBrokers(1))
	tb.Cleanup(broker.Close)
	if err := broker.CreateTopic("queue", 15, map[string]string{"cleanup.policy": "compact"}); err != nil {
		tb.Fatal(err)
	}
	cluster, err := kafka.NewCluster(kafka.Config{Seeds: broker.ListenAddrs()})
	if err != nil {
		tb.Fatal(err)
	}
	return broker, cluster
}

// fill writes n rounds of progress of some items into lane 3, each in a transaction of its own.
func fill(tb testing.TB, cluster *kafka.Cluster, rounds, items int) {
	tb.Helper()
	tx := cluster.Transactor("filler", nil)
	if err := tx.Claim(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	defer tx.Close()
	padding := strings.Repeat("x", 100)
	for round := range rounds {
		var all []record.Message
		for i := range items {
			key := fmt.Appendf(nil, "p/2/%032d", i)
			all = append(all, record.Message{Topic: "queue", Partition: 4, Key: key, Value: fmt.Append(nil, round, padding)})
		}
		if err := tx.Commit(tb.Context(), []record.Batch{{Messages: record.Each(all...)}}); err != nil {
			tb.Fatal(err)
		}
	}
}

// TestReaderOfACompactedLane: what was compacted away is not waited for, before it was read nor after; what is left comes
// in order.
func TestReaderOfACompactedLane(t *testing.T) {
	broker, cluster := embedded(t)
	r, err := cluster.OpenReader("queue")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for round := range 3 {
		fill(t, cluster, 3, 50)
		broker.Compact()
		newest, last := map[string]string{}, int64(-1)
		count := 0
		r.Add(3, func(entries []kafka.Entry) {
			for _, e := range entries {
				if e.Offset <= last {
					t.Errorf("offset %d after %d", e.Offset, last)
				}
				newest[string(e.Key)], last = string(e.Value), e.Offset
				count++
			}
		})
		if err := r.Sync(ctx, 3); err != nil {
			t.Fatal(err)
		}
		fill(t, cluster, 1, 50)
		broker.Compact()
		if err := r.Sync(ctx, 3); err != nil {
			t.Fatal(err)
		}
		if r.Remove(3); len(newest) != 50 || count >= 200*(round+1) {
			t.Errorf("%d keys in %d records: nothing was compacted", len(newest), count)
		}
	}
}

// TestLanesConsumeNothing: no fetch is ever sent, although there is something to fetch and the member is polled, and
// nobody asks where a lane begins.
func TestLanesConsumeNothing(t *testing.T) {
	broker, cluster := embedded(t)
	fill(t, cluster, 1, 10)
	var fetches, beats atomic.Int32
	for key, seen := range map[kmsg.Key]*atomic.Int32{kmsg.Fetch: &fetches, kmsg.ListOffsets: &fetches, kmsg.Heartbeat: &beats} {
		broker.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
			broker.KeepControl()
			seen.Add(1)
			return nil, nil, false
		})
	}
	l, err := cluster.JoinLanes(t.Context(), kafka.LanesConfig{
		Group: "lanes", Topic: "queue", Partitions: 15, ClientID: "w1", HeartbeatInterval: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for until := time.Now().Add(20 * time.Second); len(l.Assigned()) < 15 || beats.Load() < 20; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("lanes %v after %d heartbeats", l.Assigned(), beats.Load())
		}
	}
	if n := fetches.Load(); n > 0 {
		t.Errorf("%d fetches and questions for offsets", n)
	}
}

// TestSyncNeedsAWholeAnswer: ends without the topic, or without one of its partitions, are asked for again. Taken at their
// word they would say that everything has been read.
func TestSyncNeedsAWholeAnswer(t *testing.T) {
	broker, cluster := embedded(t)
	fill(t, cluster, 1, 1)
	var lists atomic.Int32
	broker.ControlKey(int16(kmsg.ListOffsets), func(asked kmsg.Request) (kmsg.Response, error, bool) {
		broker.KeepControl()
		ends := asked.(*kmsg.ListOffsetsRequest)
		if ends.Topics[0].Partitions[0].Timestamp != -1 || lists.Add(1) > 2 {
			return nil, nil, false
		}
		answer := ends.ResponseKind().(*kmsg.ListOffsetsResponse)
		if lists.Load() == 2 {
			one := kmsg.NewListOffsetsResponseTopicPartition()
			one.Partition, one.Offset = 2, 0
			answer.Topics = []kmsg.ListOffsetsResponseTopic{{Topic: "queue", Partitions: []kmsg.ListOffsetsResponseTopicPartition{one}}}
		}
		return answer, nil, true
	})
	table, err := cluster.OpenTable("queue", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	if err := table.Sync(t.Context()); err != nil || len(table.Rows()) != 1 || lists.Load() != 3 {
		t.Errorf("%d rows after %d listings: %v", len(table.Rows()), lists.Load(), err)
	}
}

// BenchmarkReader tails a lane of 100,000 records; -benchtime=20x makes it 2 million.
func BenchmarkReader(b *testing.B) {
	_, cluster := embedded(b)
	fill(b, cluster, 10, 10_000)
	b.ResetTimer()
	var read int
	for range b.N {
		r, err := cluster.OpenReader("queue")
		if err != nil {
			b.Fatal(err)
		}
		r.Add(3, func(entries []kafka.Entry) { read += len(entries) })
		if err := r.Sync(b.Context(), 3); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "records/s")
}
