package kafka_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/kafka"
)

func TestMain(m *testing.M) { os.Exit(kafka.Run(m)) }

// TestReadCommitted: what is committed is read, what is aborted and what has no key but is data too, on every broker.
func TestReadCommitted(t *testing.T) {
	kafka.Both(t, func(t *testing.T, bootstrap string) {
		topic := kafka.Name(t)
		kafka.CreateTopic(t, bootstrap, topic, 2, nil)
		c := producer(t, bootstrap, topic)
		transact(t, c, topic, "a", kgo.TryCommit)
		transact(t, c, topic, "b", kgo.TryAbort)
		transact(t, c, topic, "c", kgo.TryCommit)
		transact(t, c, topic, "d", kgo.TryAbort)
		if got := values(kafka.Read(t, bootstrap, topic, true)); !slices.Equal(got, []string{"a", "c"}) {
			t.Errorf("committed: %v, want a and c", got)
		}
		if got := values(kafka.Read(t, bootstrap, topic, false)); len(got) != 4 {
			t.Errorf("all: %v, want four records", got)
		}
	}, 1, 2)
}

// TestReadWaitsForOpenTransactions: a reader of committed records gives no answer while a transaction is open.
func TestReadWaitsForOpenTransactions(t *testing.T) {
	kafka.Both(t, func(t *testing.T, bootstrap string) {
		topic := kafka.Name(t)
		kafka.CreateTopic(t, bootstrap, topic, 1, nil)
		c := producer(t, bootstrap, topic)
		begin(t, c, topic, "open")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if got, err := kafka.ReadAll(ctx, bootstrap, topic, true); err == nil {
			t.Errorf("read %d records beside an open transaction, want an error that says what was waited for", len(got))
		}
	})
}

// TestBrokerSuffers: killed and started again the broker has its data, paused it does not answer, resumed it does.
func TestBrokerSuffers(t *testing.T) {
	c := kafka.Start(t, kafka.Options{Properties: map[string]string{"message.max.bytes": "2000000"}})
	kafka.CreateTopic(t, c.Bootstrap, "t", 1, nil)
	p := producer(t, c.Bootstrap, "id")
	transact(t, p, "t", "a", kgo.TryCommit)
	p.Close()
	kafka.Read(t, c.Bootstrap, "t", true) // not before the commit's marker is there: see Kill

	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := values(kafka.Read(t, c.Bootstrap, "t", true)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("after kill and restart: %v", got)
	}
	if err := c.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := kafka.ReadAll(ctx, c.Bootstrap, "t", true); err == nil {
		t.Error("a paused broker answered")
	}
	if err := c.Resume(); err != nil {
		t.Fatal(err)
	}
	if got := kafka.Read(t, c.Bootstrap, "t", true); len(got) != 1 {
		t.Errorf("after resume: %d records", len(got))
	}
	if err := c.Shutdown(); err != nil {
		t.Error(err)
	}
}

func producer(t *testing.T, bootstrap, id string) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.TransactionalID(id), kgo.ProducerLinger(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func begin(t *testing.T, c *kgo.Client, topic, value string) {
	t.Helper()
	if err := c.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func transact(t *testing.T, c *kgo.Client, topic, value string, how kgo.TransactionEndTry) {
	t.Helper()
	begin(t, c, topic, value)
	if err := c.EndTransaction(t.Context(), how); err != nil {
		t.Fatal(err)
	}
}

func values(records []*kgo.Record) (all []string) {
	for _, r := range records {
		all = append(all, string(r.Value))
	}
	slices.Sort(all)
	return all
}
