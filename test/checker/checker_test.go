package checker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

const url = "http://h/items?start=${offset}"

// bench is a broker with one watched stream of total records.
type bench struct {
	t       *testing.T
	cluster *kfake.Cluster
	plan    Plan
	total   int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "data"), kfake.SeedTopics(1, "other"), kfake.SeedTopics(3, "offsets"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	b := &bench{t: t, cluster: c, total: 6}
	b.plan = Plan{
		Connector: "c", Offsets: "offsets", Client: []kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...)},
		APIs: []API{
			{
				ID: 1, Topic: "data", URL: url, Total: func() int { return b.total },
				Payload: func(seq int) []byte {
					if seq >= b.total {
						return nil
					}
					return record(1, seq)
				},
				Stand: func(f map[string]string) (Place, error) {
					n, err := strconv.Atoi(f["offset"])
					return Place{Position: []int64{int64(n)}, Least: n + 1, Most: n + 1}, err
				},
			},
			{ID: 2, Topic: "other", URL: "http://h/other", Total: func() int { return 0 }, Payload: func(int) []byte { return nil }},
		},
	}
	return b
}

func record(api, seq int) []byte {
	return fmt.Appendf(nil, `{"api":%d,"seq":%d,"body":"same"}`, api, seq)
}

// producer claims a transactional id.
func (b *bench) producer(id string) *kgo.Client {
	b.t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner())}, b.plan.Client...)...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(cl.Close)
	if _, _, err := cl.ProducerID(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return cl
}

func data(api, seq int) *kgo.Record { return &kgo.Record{Topic: "data", Value: record(api, seq)} }

func offset(n int) *kgo.Record {
	return &kgo.Record{
		Topic: "offsets", Partition: 1, Key: []byte(`["c",{"url":"` + url + `"}]`),
		Value: fmt.Appendf(nil, `{"offset":"%d"}`, n),
	}
}

// begin opens a transaction with these records in it.
func (b *bench) begin(cl *kgo.Client, rs ...*kgo.Record) {
	b.t.Helper()
	if err := cl.BeginTransaction(); err != nil {
		b.t.Fatal(err)
	}
	if err := cl.ProduceSync(b.t.Context(), rs...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) end(cl *kgo.Client, how kgo.TransactionEndTry) {
	b.t.Helper()
	if err := cl.EndTransaction(b.t.Context(), how); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) commit(cl *kgo.Client, rs ...*kgo.Record) {
	b.t.Helper()
	b.begin(cl, rs...)
	b.end(cl, kgo.TryCommit)
}

// judge settles and judges.
func (b *bench) judge(least int) Report {
	b.t.Helper()
	w, err := Start(b.t.Context(), b.plan)
	if err != nil {
		b.t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer cancel()
	if err := w.Settle(ctx); err != nil {
		b.t.Fatal(err)
	}
	return w.Judge(least, true)
}

// good is a run without fault: two pages by one producer, an abort, a take-over, and a third page.
func (b *bench) good() {
	first := b.producer("id")
	b.commit(first, data(1, 0), data(1, 1), offset(1))
	b.begin(first, data(1, 2), offset(2))
	b.end(first, kgo.TryAbort)
	b.commit(first, data(1, 2), data(1, 3), offset(3))
	b.commit(b.producer("id"), data(1, 4), data(1, 5), offset(5))
}

func TestAGoodRunPasses(t *testing.T) {
	b := newBench(t)
	b.plan.Claims = func() map[int]int { return map[int]int{1: 2} }
	b.plan.ClaimLimit = 2
	b.good()
	if r := b.judge(6); !r.OK() || r.Records != 6 || r.Offsets != 3 || !strings.HasSuffix(r.Line(), "PASS") {
		t.Errorf("%s\n%s", r.Line(), strings.Join(r.Findings, "\n"))
	}
}

// TestEachCheckFails plants one fault for each check and wants that check to fail, and at most those that follow from it.
func TestEachCheckFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		plant  func(b *bench)
		checks []string
	}{
		{"a record is missing though the offset is past it", func(b *bench) {
			b.commit(b.producer("id"), data(1, 0), data(1, 1), data(1, 3), data(1, 4), data(1, 5), offset(5))
		}, []string{Lost}},
		{"the offset moved without its records", func(b *bench) {
			b.commit(b.producer("id"), data(1, 0), data(1, 1), offset(5))
		}, []string{Lost, Torn}},
		{"records without their offset", func(b *bench) {
			b.commit(b.producer("id"), data(1, 0), data(1, 1), offset(1))
			b.commit(b.producer("id"), data(1, 2), data(1, 3), data(1, 4), data(1, 5))
		}, []string{Torn}},
		{"a page twice", func(b *bench) {
			b.good()
			b.commit(b.producer("id"), data(1, 4), data(1, 5), offset(5))
		}, []string{Double}},
		{"a record that was never served", func(b *bench) {
			b.good()
			b.commit(b.producer("id"), data(1, 6), offset(6))
		}, []string{Phantom}},
		{"other bytes than those served", func(b *bench) {
			b.commit(b.producer("id"), &kgo.Record{Topic: "data", Value: []byte(`{"api":1,"seq":0,"body":"changed"}`)}, offset(0))
			b.total = 1
		}, []string{Phantom}},
		{"no record at all", func(b *bench) {
			b.good()
			b.commit(b.producer("id"), &kgo.Record{Topic: "data", Value: []byte(`null`)})
		}, []string{Phantom}},
		{"in the wrong topic", func(b *bench) {
			r := data(1, 5)
			r.Topic = "other"
			b.commit(b.producer("id"), data(1, 0), data(1, 1), data(1, 2), data(1, 3), data(1, 4), r, offset(5))
		}, []string{Misrouted}},
		{"out of order", func(b *bench) {
			b.commit(b.producer("id"), data(1, 1), data(1, 0), data(1, 2), data(1, 3), data(1, 4), data(1, 5), offset(5))
		}, []string{Order}},
		{"an offset goes back", func(b *bench) {
			b.good()
			b.commit(b.producer("id"), offset(3))
			b.commit(b.producer("id"), offset(5))
		}, []string{Back, Torn}},
		{"an offset that nobody understands", func(b *bench) {
			b.good()
			r := offset(5)
			r.Value = []byte(`{"offset":"first"}`)
			b.commit(b.producer("id"), r)
		}, []string{BadOffset}},
		{"a zombie under an id of its own", func(b *bench) {
			zombie, owner := b.producer("id-1"), b.producer("id-2")
			b.commit(zombie, data(1, 0), data(1, 1), offset(1))
			b.commit(owner, data(1, 2), data(1, 3), offset(3))
			b.commit(zombie, data(1, 4), data(1, 5), offset(5))
		}, []string{Fence}},
		{"too little", func(b *bench) {
			b.commit(b.producer("id"), data(1, 0), offset(0))
		}, []string{Behind}},
		{"claimed again and again", func(b *bench) {
			b.good()
			b.plan.Claims = func() map[int]int { return map[int]int{1: 9} }
			b.plan.ClaimLimit = 3
		}, []string{Duel}},
		{"a record that was to be set aside", func(b *bench) {
			b.good()
			b.plan.APIs[0].Aside = map[int]bool{2: true}
		}, []string{Phantom}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			c.plant(b)
			if r := b.judge(1); !slices.Equal(r.Failed(), c.checks) {
				t.Errorf("failed %v, want %v\n%s", r.Failed(), c.checks, strings.Join(r.Findings, "\n"))
			}
		})
	}
}

func TestARecordSetAsideIsNotLost(t *testing.T) {
	b := newBench(t)
	b.plan.APIs[0].Aside = map[int]bool{2: true, 5: true}
	b.commit(b.producer("id"), data(1, 0), data(1, 1), data(1, 3), data(1, 4), offset(5))
	if r := b.judge(4); !r.OK() {
		t.Errorf("%s\n%s", r.Line(), strings.Join(r.Findings, "\n"))
	}
}

func TestSettleWaitsForOpenTransactions(t *testing.T) {
	b := newBench(t)
	b.good()
	other := b.producer("stranger")
	b.begin(other, data(2, 0))
	w, err := Start(t.Context(), b.plan)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := w.Settle(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "last stable offset") {
		t.Errorf("behind an open transaction Settle gave %v", err)
	}
	b.end(other, kgo.TryAbort)
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := w.Settle(ctx); err != nil {
		t.Error(err)
	}
	if r := w.Judge(6, true); !r.OK() {
		t.Errorf("%s\n%s", r.Line(), strings.Join(r.Findings, "\n"))
	}
}

func TestALongTransactionIsSeen(t *testing.T) {
	b := newBench(t)
	b.plan.OpenLimit, b.plan.Interval = 200*time.Millisecond, 10*time.Millisecond
	b.total = 1
	w, err := Start(t.Context(), b.plan)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cl := b.producer("id")
	b.begin(cl, data(1, 0), offset(0))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for w.Judge(0, false).OK() {
		select {
		case <-ctx.Done():
			t.Fatal("a transaction open for long was not seen")
		case <-time.After(10 * time.Millisecond):
		}
	}
	b.end(cl, kgo.TryCommit)
	if err := w.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if r := w.Judge(1, true); !slices.Equal(r.Failed(), []string{Open}) || r.Longest < 200*time.Millisecond {
		t.Errorf("%s\n%s", r.Line(), strings.Join(r.Findings, "\n"))
	}
}
