package dev_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/dev"
)

// TestStartRefuses names the fault, and what to do about it, for each way in which a start cannot work.
func TestStartRefuses(t *testing.T) {
	dir := t.TempDir()
	running := start(t, dir)
	defer closeBroker(t, running)
	for want, cfg := range map[string]dev.Config{
		"Config.Dir is empty":           {Listen: "127.0.0.1:0"},
		"no authentication":             {Dir: t.TempDir(), Listen: "0.0.0.0:0"},
		"another broker may be running": {Dir: t.TempDir(), Listen: running.Bootstrap()},
		"name another directory":        {Dir: dir, Listen: "127.0.0.1:0"},
		"missing port":                  {Dir: t.TempDir(), Listen: "127.0.0.1"},
	} {
		b, err := dev.Start(cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want it to say %q", cfg, err, want)
		}
		if b != nil {
			closeBroker(t, b)
		}
	}
}

// TestNoTopicByItself: a topic that nobody created is an error, as on a cluster without auto-creation.
func TestNoTopicByItself(t *testing.T) {
	b := start(t, t.TempDir())
	defer closeBroker(t, b)
	c := client(t, b.Bootstrap(), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(1))
	if err := produce(t.Context(), c, "nobody-made-me", "v", 0); err == nil || !strings.Contains(err.Error(), kerr.UnknownTopicOrPartition.Message) {
		t.Errorf("produce to a topic that nobody created: %v", err)
	}
	c.Close()
}

// TestCompactsAtStart: of many values under one key the last one is left after a restart, on a topic that is compacted.
func TestCompactsAtStart(t *testing.T) {
	dir, policy := t.TempDir(), "compact"
	b := start(t, dir)
	createTopic(t, b.Bootstrap(), "t", 1, map[string]*string{"cleanup.policy": &policy})
	c := client(t, b.Bootstrap())
	for i := range 50 {
		r := &kgo.Record{Topic: "t", Key: []byte("k"), Value: fmt.Append(nil, i)}
		if err := c.ProduceSync(context.Background(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	closeBroker(t, b)
	b = start(t, dir)
	defer closeBroker(t, b)
	got := committed(t, b.Bootstrap(), "t", 1)[0]
	if len(got) > 2 || got[len(got)-1] != "49" {
		t.Errorf("after a restart: %v, want the newest value and at most the one before", got)
	}
}

func closeBroker(t *testing.T, b *dev.Broker) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}
