package kafkatest

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
)

// fenceMany: of 200 ids two are alive, one of them with an open transaction. That is aborted when Fence returns, and
// neither commits again.
func fenceMany(t *testing.T, b bundle) {
	topic := b.topic(t, "", 1, nil)
	table, idle := b.table(t, topic), b.claimed(t, "-7")
	mustCommit(t, idle, b, batch(row(topic, "idle", "1")))
	zombie := b.hang(t, row(topic, "open", "1"))
	ids := []string{b.name + "-hung"}
	for i := range 199 {
		ids = append(ids, b.name+"-"+strconv.Itoa(i))
	}
	start := time.Now()
	if err := b.cluster.Fence(b.ctx, ids); err != nil {
		t.Fatal(err)
	}
	t.Logf("fenced %d ids in %v", len(ids), time.Since(start))
	// Nothing is open any more: the table arrives at its end without anyone's help.
	wantRow(t, b, table, "open", "")
	wantRow(t, b, table, "idle", "1")
	if err := idle.Commit(b.ctx, []record.Batch{batch(row(topic, "idle", "2"))}); err == nil {
		t.Error("a fenced holder committed")
	}
	zombie()
	wantRow(t, b, table, "open", "")
	wantRow(t, b, table, "idle", "1")
	start = time.Now()
	if err := b.cluster.Fence(b.ctx, ids); err != nil {
		t.Fatal(err)
	}
	t.Logf("once more: %v", time.Since(start))
}

// syncShared: many write and sync at once, and each sees what it has written.
func syncShared(t *testing.T, b bundle) {
	topic := b.topic(t, "", 3, nil)
	table := b.table(t, topic)
	sender := b.sender(t)
	const writers, rounds = 24, 20
	var all sync.WaitGroup
	start := time.Now()
	for w := range writers {
		all.Go(func() {
			key := fmt.Sprint("writer ", w)
			for n := range rounds {
				want := strconv.Itoa(n)
				if err := sender.Send(b.ctx, []record.Message{row(topic, key, want)}); err != nil {
					t.Error(err)
					return
				}
				sync := table.Sync
				if n%2 == 1 {
					sync = func(ctx context.Context) error { return table.SyncKey(ctx, []byte(key)) }
				}
				if err := sync(b.ctx); err != nil {
					t.Error(err)
					return
				}
				if got, _ := table.Get([]byte(key)); string(got) != want {
					t.Errorf("%s wrote %s, synced and reads %q", key, want, got)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d writes, each synced, in %v", writers*rounds, time.Since(start))
}

// syncPassesDeleted: records that were deleted before anyone read them are not waited for.
func syncPassesDeleted(t *testing.T, b bundle) {
	topic := b.topic(t, "", 1, nil)
	if err := b.sender(t).Send(b.ctx, []record.Message{row(topic, "a", "1"), row(topic, "b", "2")}); err != nil {
		t.Fatal(err)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	upTo := kadm.Offsets{}
	upTo.Add(kadm.Offset{Topic: topic, At: 2, LeaderEpoch: -1})
	if deleted, err := kadm.NewClient(cl).DeleteRecords(b.ctx, upTo); err != nil || deleted.Error() != nil {
		t.Fatal(err, deleted.Error())
	}
	wantRow(t, b, b.table(t, topic), "a", "")
}

// senderWaitsForAcks: rows of one send are all there, tombstones too; what cannot be sent is an error.
func senderWaitsForAcks(t *testing.T, b bundle) {
	topic := b.topic(t, "", 3, nil)
	table, sender := b.table(t, topic), b.sender(t)
	for _, messages := range [][]record.Message{
		{row(topic, "a", "1"), row(topic, "b", "2")},
		{row(topic, "a", "3"), {Topic: topic, Key: []byte("b")}},
		nil,
	} {
		if err := sender.Send(b.ctx, messages); err != nil {
			t.Fatal(err)
		}
	}
	wantRow(t, b, table, "a", "3")
	wantRow(t, b, table, "b", "")
	if err := sender.Send(b.ctx, []record.Message{row(b.name+"-missing", "k", "v")}); err == nil {
		t.Error("sent to a missing topic")
	}
}

func (b bundle) sender(t *testing.T) *kafka.Sender {
	t.Helper()
	sender, err := b.cluster.Sender()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sender.Close)
	return sender
}
