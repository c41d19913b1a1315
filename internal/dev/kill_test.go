package dev_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestKill: what was committed is there after kill -9, an open transaction is aborted, and stays so after the same
// producer has committed again and the broker was killed once more.
func TestKill(t *testing.T) {
	dir, policy := t.TempDir(), "compact"
	b := startProcess(t, dir)
	createTopic(t, b.bootstrap, "t", 2, map[string]*string{"cleanup.policy": &policy})
	c := producer(t, b.bootstrap, "id")
	for i := range 5 {
		begin(t, c, "t", fmt.Sprint(i), 0, 1)
		commit(t, c)
	}
	begin(t, c, "t", "open", 0, 1)
	b.kill()
	want := []string{"0", "1", "2", "3", "4"}

	b = startProcess(t, dir)
	check(t, b.bootstrap, want)
	c = producer(t, b.bootstrap, "id")
	begin(t, c, "t", "5", 0, 1)
	commit(t, c)
	b.kill()

	b = startProcess(t, dir)
	check(t, b.bootstrap, append(want, "5"))
	config, err := kadm.NewClient(client(t, b.bootstrap)).DescribeTopicConfigs(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	if got := valueOf(config[0], "cleanup.policy"); got != policy {
		t.Errorf("cleanup.policy after kill -9 = %q, want %q", got, policy)
	}
}

// TestSurvivorIsFenced: a producer that lives through the broker's kill cannot go on with the half that was aborted.
func TestSurvivorIsFenced(t *testing.T) {
	dir := t.TempDir()
	b := startProcess(t, dir)
	createTopic(t, b.bootstrap, "t", 1, nil)
	c := producer(t, b.bootstrap, "id")
	begin(t, c, "t", "first half", 0)
	b.kill()

	again := startProcess(t, dir)
	if err := c.UpdateSeedBrokers(again.bootstrap); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := produce(ctx, c, "t", "second half", 0); err == nil {
		if err := c.EndTransaction(ctx, kgo.TryCommit); err == nil {
			t.Error("a transaction whose first half was aborted could be committed")
		}
	}
	for _, values := range committed(t, again.bootstrap, "t", 1) {
		if len(values) != 0 {
			t.Errorf("read committed: %v, want nothing", values)
		}
	}
}

// TestKillDuringCommits kills at any moment of back-to-back commits: a transaction is in both partitions or in none, and
// none that was acknowledged is missing.
func TestKillDuringCommits(t *testing.T) {
	dir := t.TempDir()
	b := startProcess(t, dir)
	createTopic(t, b.bootstrap, "t", 2, nil)
	next, acknowledged := 0, []string{}
	for round := range 5 {
		c := producer(t, b.bootstrap, "id")
		done := make(chan struct{})
		go func() {
			defer close(done)
			next, acknowledged = commitUntilKilled(c, next, acknowledged)
		}()
		time.Sleep(time.Duration(40+23*round) * time.Millisecond) // the strike, at no particular moment
		b.kill()
		c.Close()
		<-done
		b = startProcess(t, dir)
		got := committed(t, b.bootstrap, "t", 2)
		if !slices.Equal(got[0], got[1]) {
			t.Fatalf("round %d: a commit is in one partition only: %v and %v", round, tail(got[0]), tail(got[1]))
		}
		if missing := without(acknowledged, got[0]); len(missing) > 0 {
			t.Fatalf("round %d: acknowledged and lost: %v", round, missing)
		}
	}
	if len(acknowledged) < 20 {
		t.Errorf("%d transactions in all: too few to show anything", len(acknowledged))
	}
}

func commitUntilKilled(c *kgo.Client, next int, acknowledged []string) (int, []string) {
	ctx := context.Background()
	for ; ; next++ {
		value := fmt.Sprint(next)
		if c.BeginTransaction() != nil || produce(ctx, c, "t", value, 0, 1) != nil || c.EndTransaction(ctx, kgo.TryCommit) != nil {
			return next + 1, acknowledged
		}
		acknowledged = append(acknowledged, value)
	}
}

func check(t *testing.T, bootstrap string, want []string) {
	t.Helper()
	for p, got := range committed(t, bootstrap, "t", 2) {
		if !slices.Equal(got, want) {
			t.Errorf("partition %d, read committed: %v, want %v", p, got, want)
		}
	}
}

func valueOf(rc kadm.ResourceConfig, key string) string {
	for _, c := range rc.Configs {
		if c.Key == key {
			return c.MaybeValue()
		}
	}
	return ""
}

func without(all, some []string) (rest []string) {
	have := map[string]bool{}
	for _, s := range some {
		have[s] = true
	}
	for _, s := range all {
		if !have[s] {
			rest = append(rest, s)
		}
	}
	return rest
}

func tail(s []string) []string { return s[max(0, len(s)-3):] }
