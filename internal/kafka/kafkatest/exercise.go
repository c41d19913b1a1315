// Package kafkatest is the conformance suite of the door to the broker: what a Transactor, a Table, a Reader, a Group and
// Lanes promise, asked of a running broker.
package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
)

// bundle is what every case works with.
type bundle struct {
	ctx       context.Context
	bootstrap string
	cluster   *kafka.Cluster
	name      string // unlike in any other case: a prefix for topics and ids
}

var cases = map[string]func(*testing.T, bundle){
	"CommittedIsReadBack":            committedIsReadBack,
	"ClaimFencesTheEarlierHolder":    claimFences,
	"TooLargeRecordAborts":           tooLargeAborts,
	"LastOffsetOfAPartitionWins":     lastOffsetWins,
	"SyncWaitsForTheHighWatermark":   syncPassesOpenTransactions,
	"SyncKeyPassesByOtherPartitions": syncKeyPassesBy,
	"UnknownTopicIsFatal":            unknownTopicIsFatal,
	"WrongTopicsAreRefused":          wrongTopicsAreRefused,
	"ProducerWithoutTransactions":    producerWithoutTransactions,
	"FenceOfMany":                    fenceMany,
	"SyncIsShared":                   syncShared,
	"SyncPassesDeletedRecords":       syncPassesDeleted,
	"SenderWaitsForAcks":             senderWaitsForAcks,
	"GroupHasOneLeader":              oneLeads,
	"GroupLeaderCloses":              closedLeaderHandsOver,
	"GroupLeaderIsCut":               cutLeaderIsReplaced,
	"GroupLeaderIsEvicted":           evictedLeaderIsReplaced,
	"GroupEvictedMemberComesBack":    evictedMemberComesBack,
	"GroupLeaderAbandons":            abandonHandsOver,
	"GroupHeardMoves":                heardMoves,
	"GroupIsHeardWhileItRebalances":  heardWhileRebalancing,
	"GroupRefusesStrangers":          strangersAreRefused,
	"GroupRefusesTheNewerProtocol":   modernGroupIsRefused,
	"GroupLosesToStrangers":          strangersTakeTheGroup,
	"PartitionIsHonoured":            partitionIsHonoured,
	"PartitionIsMissing":             partitionIsMissing,
	"ReaderTails":                    readerTails,
	"ReaderSyncPassesOpen":           readerPassesOpen,
	"ReaderReadsAgain":               readerAgain,
	"ReaderRemoveWaits":              readerRemoved,
	"ReaderPassesDeletedRecords":     readerPassesDeleted,
	"LanesAreSpread":                 lanesAreSpread,
	"LanesCommitForEyes":             lanesCommit,
	"LanesLeaveWhileOthersWait":      lanesLeaveWaiting,
	"LanesNeedTheirTopic":            lanesNeedTheirTopic,
}

// runs makes names unlike each other when one broker serves several runs.
var runs atomic.Int64

// Exercise runs the suite on the broker at bootstrap.
func Exercise(t *testing.T, bootstrap string) {
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cluster, err := kafka.NewCluster(kafka.Config{Seeds: []string{bootstrap}, TransactionTimeout: 10 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			run(t, bundle{ctx: ctx, bootstrap: bootstrap, cluster: cluster, name: fmt.Sprintf("%s-%d", name, runs.Add(1))})
		})
	}
}

func (b bundle) topic(t *testing.T, suffix string, partitions int32, settings map[string]string) string {
	t.Helper()
	admin, err := b.cluster.Admin()
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := b.name + suffix
	if err := admin.Ensure(b.ctx, kafka.Topic{Name: name, Partitions: partitions, Replication: 1, Settings: settings}); err != nil {
		t.Fatal(err)
	}
	return name
}

func (b bundle) table(t *testing.T, topic string) *kafka.Table {
	t.Helper()
	table, err := b.cluster.OpenTable(topic, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(table.Close)
	return table
}

func (b bundle) claimed(t *testing.T, id string) *kafka.Transactor {
	t.Helper()
	tx := b.cluster.Transactor(b.name+id, nil)
	if err := tx.Claim(b.ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tx.Close)
	return tx
}

func batch(messages ...record.Message) record.Batch {
	return record.Batch{Messages: record.Each(messages...)}
}

func row(topic, key, value string) record.Message {
	return record.Message{Topic: topic, Key: []byte(key), Value: []byte(value)}
}

func mustCommit(t *testing.T, tx *kafka.Transactor, b bundle, batches ...record.Batch) {
	t.Helper()
	if err := tx.Commit(b.ctx, batches); err != nil {
		t.Fatal(err)
	}
}

func wantRow(t *testing.T, b bundle, table *kafka.Table, key, want string) {
	t.Helper()
	if err := table.Sync(b.ctx); err != nil {
		t.Fatal(err)
	}
	if got, ok := table.Get([]byte(key)); string(got) != want || ok != (want != "") {
		t.Errorf("row %q is %q, want %q", key, got, want)
	}
}

func committedIsReadBack(t *testing.T, b bundle) {
	topic := b.topic(t, "", 3, nil)
	table, tx := b.table(t, topic), b.claimed(t, "")
	mustCommit(t, tx, b, batch(row(topic, "a", "1"), row(topic, "b", "2")))
	mustCommit(t, tx, b, batch(row(topic, "a", "3"), record.Message{Topic: topic, Key: []byte("b")}))
	wantRow(t, b, table, "a", "3")
	wantRow(t, b, table, "b", "")
}

func claimFences(t *testing.T, b bundle) {
	topic := b.topic(t, "", 1, nil)
	table, old := b.table(t, topic), b.claimed(t, "")
	mustCommit(t, old, b, batch(row(topic, "k", "old")))
	b.claimed(t, "")
	err := old.Commit(b.ctx, []record.Batch{batch(row(topic, "k", "zombie"))})
	if err == nil {
		t.Fatal("a fenced holder committed")
	}
	wantRow(t, b, table, "k", "old")
}

func tooLargeAborts(t *testing.T, b bundle) {
	small := b.topic(t, "-small", 1, map[string]string{"max.message.bytes": "2000"})
	offsets := b.topic(t, "-offsets", 1, nil)
	table, tx := b.table(t, offsets), b.claimed(t, "")
	offset := row(offsets, "offset", "moved")
	b1 := batch(record.Message{Topic: small, Value: make([]byte, 5000)})
	b1.Offset = &offset
	err := tx.Commit(b.ctx, []record.Batch{b1})
	if kind := fault.KindOf(err); err == nil || kind != fault.Permanent {
		t.Errorf("commit of a record that is too large: %v, kind %v", err, kind)
	}
	wantRow(t, b, table, "offset", "")
}

func lastOffsetWins(t *testing.T, b bundle) {
	topic := b.topic(t, "", 1, nil)
	seen := map[string]int{}
	table, err := b.cluster.OpenTable(topic, func(_ int64, m record.Message) { seen[string(m.Key)]++ })
	if err != nil {
		t.Fatal(err)
	}
	one, two, other := row(topic, "p", "1"), row(topic, "p", "2"), row(topic, "q", "1")
	group := []record.Batch{batch(), batch(), batch()}
	group[0].Offset, group[1].Offset, group[2].Offset = &one, &other, &two
	mustCommit(t, b.claimed(t, ""), b, group...)
	wantRow(t, b, table, "p", "2")
	table.Close()
	if seen["p"] != 1 || seen["q"] != 1 {
		t.Errorf("offset records written: %v, want one for each source partition", seen)
	}
}

// syncPassesOpenTransactions: what was committed behind another's open transaction must be seen before Sync returns (R4).
func syncPassesOpenTransactions(t *testing.T, b bundle) {
	topic := b.topic(t, "", 1, nil)
	table := b.table(t, topic)
	wantRow(t, b, table, "mine", "")
	hung := b.hang(t, row(topic, "other", "open"))
	mustCommit(t, b.claimed(t, ""), b, batch(row(topic, "mine", "committed")))
	done := make(chan error, 1)
	go func() { done <- table.Sync(b.ctx) }()
	select {
	case err := <-done:
		t.Fatalf("Sync returned (%v) while a transaction before the high watermark was open", err)
	case <-time.After(300 * time.Millisecond):
	}
	hung()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, _ := table.Get([]byte("mine")); string(got) != "committed" {
		t.Errorf("after Sync the row is %q", got)
	}
}

func syncKeyPassesBy(t *testing.T, b bundle) {
	topic := b.topic(t, "", 25, nil)
	table := b.table(t, topic)
	// These two keys lie in different partitions of 25: 16 and 18.
	mine, other := `["my-http",{"url":"https://x"}]`, `["my-http",{"api":"orders"}]`
	mustCommit(t, b.claimed(t, ""), b, batch(row(topic, mine, "1")))
	release := b.hang(t, row(topic, other, "open"))
	defer release()
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	if err := table.SyncKey(ctx, []byte(mine)); err != nil {
		t.Error(err)
	}
}

func unknownTopicIsFatal(t *testing.T, b bundle) {
	err := b.claimed(t, "").Commit(b.ctx, []record.Batch{batch(row(b.name+"-missing", "k", "v"))})
	if err == nil || fault.KindOf(err) != fault.Fatal {
		t.Errorf("commit to a missing topic: %v, kind %v", err, fault.KindOf(err))
	}
}

func wrongTopicsAreRefused(t *testing.T, b bundle) {
	admin, err := b.cluster.Admin()
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	deleted := b.topic(t, "-deleted", 1, map[string]string{"cleanup.policy": "delete"})
	err = admin.Ensure(b.ctx, kafka.Topic{Name: deleted, Compacted: true, Property: "offset.storage.topic"})
	if e, ok := errors.AsType[*fault.Error](err); !ok || e.Kind != fault.Fatal || e.Hint == "" {
		t.Errorf("a topic that is not compacted: %v", err)
	}
	several := b.topic(t, "-several", 2, map[string]string{"cleanup.policy": "compact"})
	err = admin.Ensure(b.ctx, kafka.Topic{Name: several, Partitions: 1, Compacted: true, Fixed: true, Property: "config.storage.topic"})
	if e, ok := errors.AsType[*fault.Error](err); !ok || e.Kind != fault.Fatal || e.Hint == "" {
		t.Errorf("a config topic with two partitions: %v", err)
	}
	good := kafka.Topic{Name: b.name + "-good", Partitions: 1, Replication: 1, Compacted: true, Fixed: true}
	for range 2 { // made, then checked
		if err := admin.Ensure(b.ctx, good); err != nil {
			t.Error(err)
		}
	}
}

func producerWithoutTransactions(t *testing.T, b bundle) {
	topic := b.topic(t, "", 1, nil)
	table := b.table(t, topic)
	p := b.cluster.Producer(nil)
	if err := p.Claim(b.ctx); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	offset := row(topic, "offset", "1")
	one := batch(row(topic, "a", "1"))
	one.Offset = &offset
	if err := p.Commit(b.ctx, []record.Batch{one}); err != nil {
		t.Fatal(err)
	}
	wantRow(t, b, table, "a", "1")
	wantRow(t, b, table, "offset", "1")
}

// hang opens a transaction, writes m into it and leaves it open until release, which aborts it.
func (b bundle) hang(t *testing.T, m record.Message) (release func()) {
	t.Helper()
	opened, stop := make(chan struct{}), make(chan struct{})
	tx := b.claimed(t, "-hung")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = tx.Commit(context.Background(), []record.Batch{{Messages: func(yield func(record.Message, error) bool) {
			yield(m, nil)
			close(opened)
			<-stop
			yield(record.Message{}, errors.New("given up"))
		}}})
	}()
	<-opened
	b.arrived(t, m.Topic)
	release = func() {
		close(stop)
		<-ended
		tx.Close()
	}
	return release
}

// arrived waits until some partition of topic has an open transaction: its last stable offset is behind its end.
func (b bundle) arrived(t *testing.T, topic string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	admin := kadm.NewClient(cl)
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		stable, err := admin.ListCommittedOffsets(b.ctx, topic)
		if err != nil {
			continue
		}
		ends, err := admin.ListEndOffsets(b.ctx, topic)
		open := false
		ends.Each(func(end kadm.ListedOffset) {
			s, ok := stable.Lookup(topic, end.Partition)
			open = open || err == nil && ok && s.Offset < end.Offset
		})
		if open {
			return
		}
	}
	t.Fatalf("waited 10 s for an open transaction in %s", topic)
}
