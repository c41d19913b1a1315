package kafkatest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
)

// log is what a reader applied of one partition.
type log struct {
	mu      sync.Mutex
	entries []kafka.Entry
	over    atomic.Bool // nothing may be applied any more
	late    atomic.Bool // and yet it was
}

func (l *log) apply(entries []kafka.Entry) {
	l.late.Store(l.late.Load() || l.over.Load())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, entries...)
}

// String is key=value of each entry, in order.
func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, e := range l.entries {
		value := string(e.Value)
		if e.Value == nil {
			value = "null"
		}
		all = append(all, string(e.Key)+"="+value)
	}
	return strings.Join(all, " ")
}

// ascends tells whether the entries are in the order of their offsets.
func (l *log) ascends() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.IsSortedFunc(l.entries, func(a, b kafka.Entry) int { return int(a.Offset - b.Offset) })
}

func (b bundle) reader(t *testing.T, topic string) *kafka.Reader {
	t.Helper()
	r, err := b.cluster.OpenReader(topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// holds brings a partition of a new reader up to date and compares what is in it.
func (b bundle) holds(t *testing.T, topic string, partition int32, want string) {
	t.Helper()
	r, l := b.reader(t, topic), &log{}
	r.Add(partition, l.apply)
	b.synced(t, r, partition)
	if got := l.String(); got != want {
		t.Errorf("partition %d of %s holds %q, want %q", partition, topic, got, want)
	}
}

func (b bundle) synced(t *testing.T, r *kafka.Reader, partition int32) {
	t.Helper()
	if err := r.Sync(b.ctx, partition); err != nil {
		t.Fatal(err)
	}
}

// at is row with a partition, counting from 0.
func at(partition int32, topic, key, value string) record.Message {
	m := row(topic, key, value)
	m.Partition = partition + 1
	return m
}

// mine lies in partition 16 of 25, where its key says.
const mine = `["my-http",{"url":"https://x"}]`

// partitionIsHonoured: of records and offsets, with and without transactions; who has none goes by its key.
func partitionIsHonoured(t *testing.T, b bundle) {
	topic := b.topic(t, "", 25, nil)
	tx, p := b.claimed(t, ""), b.cluster.Producer(nil)
	if err := p.Claim(b.ctx); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	first, second := at(7, topic, "progress", "1"), at(7, topic, "progress", "2")
	group := []record.Batch{batch(at(0, topic, mine, "a"), row(topic, mine, "b"), at(24, topic, mine, "c")), batch()}
	group[0].Offset, group[1].Offset = &first, &second
	mustCommit(t, tx, b, group...)
	alone := batch(at(3, topic, mine, "d"))
	third := at(7, topic, "progress", "3")
	alone.Offset = &third
	if err := p.Commit(b.ctx, []record.Batch{alone}); err != nil {
		t.Fatal(err)
	}
	if err := b.sender(t).Send(b.ctx, []record.Message{at(4, topic, mine, "e"), row(topic, mine, "f")}); err != nil {
		t.Fatal(err)
	}
	for partition, want := range map[int32]string{
		0: mine + "=a", 16: mine + "=b " + mine + "=f", 24: mine + "=c", 3: mine + "=d", 4: mine + "=e",
		7: "progress=2 progress=3", 18: "",
	} {
		b.holds(t, topic, partition, want)
	}
}

// partitionIsMissing: a clear error, at once, and nothing of the transaction is seen.
func partitionIsMissing(t *testing.T, b bundle) {
	topic := b.topic(t, "", 3, nil)
	mustCommit(t, b.claimed(t, "-before"), b, batch(at(0, topic, "a", "1")))
	start := time.Now()
	for name, commit := range map[string]func(record.Message) error{
		"transactor": func(m record.Message) error {
			offset := at(1, topic, "offset", "moved")
			one := batch(at(0, topic, "a", "2"), m)
			one.Offset = &offset
			return b.claimed(t, "").Commit(b.ctx, []record.Batch{one})
		},
		"sender": func(m record.Message) error { return b.sender(t).Send(b.ctx, []record.Message{m}) },
	} {
		err := commit(at(3, topic, "a", "3"))
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || e.Kind != fault.Fatal || !strings.Contains(err.Error(), "partition 3 of topic "+topic) || e.Hint == "" {
			t.Errorf("%s to partition 3 of 3: %v", name, err)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("that took %v", took)
	}
	b.holds(t, topic, 0, "a=1")
	b.holds(t, topic, 1, "")
}

// readerTails: in order, tombstones too, what was aborted not, and only the partitions that were added.
func readerTails(t *testing.T, b bundle) {
	topic := b.topic(t, "", 3, nil)
	r, zero, two := b.reader(t, topic), &log{}, &log{}
	tx := b.claimed(t, "")
	mustCommit(t, tx, b, batch(at(0, topic, "a", "1"), at(1, topic, "x", "1"), at(0, topic, "b", "1")))
	r.Add(0, zero.apply)
	r.Add(2, two.apply)
	b.synced(t, r, 0)
	b.synced(t, r, 2) // empty
	if got := zero.String(); got != "a=1 b=1" || two.String() != "" {
		t.Errorf("partition 0: %q, partition 2: %q", got, two)
	}
	gone := record.Message{Topic: topic, Key: []byte("a"), Partition: 1}
	mustCommit(t, tx, b, batch(gone, at(2, topic, "c", "1")))
	b.hang(t, at(0, topic, "aborted", "1"))()
	b.synced(t, r, 0) // behind two markers
	b.synced(t, r, 2)
	if got := zero.String() + ", " + two.String(); got != "a=1 b=1 a=null, c=1" {
		t.Errorf("then: %q", got)
	}
	if at, end := r.Position(0); at != end || at != 7 { // four records, three markers
		t.Errorf("it is at %d of %d", at, end)
	}
	if err := r.Sync(b.ctx, 1); err == nil {
		t.Error("synced a partition that is not read")
	}
}

// readerPassesOpen: what was committed behind another's open transaction is applied before Sync returns (R4); another
// partition is not held up.
func readerPassesOpen(t *testing.T, b bundle) {
	topic := b.topic(t, "", 2, nil)
	r, zero := b.reader(t, topic), &log{}
	r.Add(0, zero.apply)
	r.Add(1, (&log{}).apply)
	hung := b.hang(t, at(0, topic, "other", "open"))
	mustCommit(t, b.claimed(t, ""), b, batch(at(0, topic, "mine", "1"), at(1, topic, "mine", "1")))
	b.synced(t, r, 1)
	done := make(chan error, 1)
	go func() { done <- r.Sync(b.ctx, 0) }()
	select {
	case err := <-done:
		t.Fatalf("Sync returned (%v) while a transaction before the high watermark was open", err)
	case <-time.After(300 * time.Millisecond):
	}
	if at, end := r.Position(0); at != 0 || end < 3 {
		t.Errorf("it is at %d of %d", at, end)
	}
	hung()
	if err := <-done; err != nil || zero.String() != "mine=1" {
		t.Errorf("Sync returned %v, and %q was applied", err, zero)
	}
}

// readerAgain: under load a partition is removed and added, and each time it is read from its beginning, whole and in
// order, with nothing of the time before.
func readerAgain(t *testing.T, b bundle) {
	topic := b.topic(t, "", 2, nil)
	r, sender := b.reader(t, topic), b.sender(t)
	ctx, stop := context.WithCancel(b.ctx)
	var writing sync.WaitGroup
	var sent atomic.Int64
	writing.Go(func() {
		for n := 0; ctx.Err() == nil; n += 20 {
			var all []record.Message
			for i := n; i < n+20; i++ {
				all = append(all, at(0, topic, "n", strconv.Itoa(i)), at(1, topic, "n", strconv.Itoa(i)))
			}
			if sender.Send(b.ctx, all) != nil {
				return
			}
			sent.Store(int64(n + 20))
		}
	})
	steady := &log{}
	r.Add(1, steady.apply)
	for round := range 10 {
		l := &log{}
		r.Add(0, l.apply)
		r.Add(0, func([]kafka.Entry) { t.Error("added twice") })
		least := sent.Load()
		if round%2 == 0 {
			b.synced(t, r, 0)
			wantCount(t, l, int(least))
		}
		r.Remove(0)
		l.over.Store(true)
		r.Remove(0)
		defer func() {
			if l.late.Load() {
				t.Error("applied after Remove had returned")
			}
		}()
	}
	stop()
	writing.Wait()
	b.synced(t, r, 1)
	wantCount(t, steady, int(sent.Load()))
}

// wantCount checks that l has 0, 1, 2 and so on, at least n of them.
func wantCount(t *testing.T, l *log, n int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, e := range l.entries {
		if string(e.Value) != strconv.Itoa(i) {
			t.Fatalf("entry %d is %s, at offset %d", i, e.Value, e.Offset)
		}
	}
	if len(l.entries) < n {
		t.Errorf("%d entries, want %d", len(l.entries), n)
	}
}

// readerRemoved: who waits for a partition that is removed gets an error, and Remove waits for an apply.
func readerRemoved(t *testing.T, b bundle) {
	topic := b.topic(t, "", 1, nil)
	r := b.reader(t, topic)
	busy, free := make(chan struct{}), make(chan struct{})
	r.Add(0, func([]kafka.Entry) {
		close(busy)
		<-free
	})
	if err := b.sender(t).Send(b.ctx, []record.Message{row(topic, "a", "1")}); err != nil {
		t.Fatal(err)
	}
	<-busy
	waits, removed := make(chan error, 1), make(chan struct{})
	go func() { waits <- r.Sync(b.ctx, 0) }()
	go func() {
		r.Remove(0)
		close(removed)
	}()
	select {
	case <-removed:
		t.Error("Remove returned while its partition was applied")
	case err := <-waits:
		t.Errorf("Sync returned %v while its partition was applied", err)
	case <-time.After(200 * time.Millisecond):
	}
	close(free)
	<-removed
	if err := <-waits; err != nil && fault.KindOf(err) != fault.Retriable {
		t.Error(err)
	}
	if err := r.Sync(b.ctx, 0); err == nil {
		t.Error("synced a partition that was removed")
	}
}

// readerPassesDeleted: records that were deleted before anyone read them are not waited for; those behind them are read.
func readerPassesDeleted(t *testing.T, b bundle) {
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
	r, l := b.reader(t, topic), &log{}
	r.Add(0, l.apply)
	b.synced(t, r, 0)
	mustCommit(t, b.claimed(t, ""), b, batch(row(topic, "c", "3")))
	b.synced(t, r, 0)
	if l.String() != "c=3" || !l.ascends() {
		t.Errorf("applied: %q", l)
	}
}
