package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

// run lets one program copy all records into a topic of its own and counts what arrived.
func (b *bench) run(ctx context.Context, who contender, size int) (result, error) {
	b.runs++
	name := fmt.Sprintf("bench-%d-%s-%d", b.runs, who, size)
	dir := filepath.Join(b.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return result{}, err
	}
	if err := kafka.MakeTopic(ctx, b.cluster.Bootstrap, name, 1, nil); err != nil {
		return result{}, err
	}
	p, err := b.start(who, name, dir, size)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = p.Kill() }()
	samples, err := b.watch(ctx, p, name, b.records, settle)
	if err != nil {
		return result{}, errors.Join(err, logOf(dir))
	}
	memory, err := program.PeakMemory(p.PID)
	if err != nil {
		return result{}, err
	}
	if err := p.Kill(); err != nil {
		return result{}, err
	}
	if err := b.verify(ctx, name, b.records); err != nil {
		return result{}, err
	}
	if err := b.remove(ctx, name); err != nil {
		return result{}, err
	}
	return evaluate(samples, p.Started(), b.records, memory)
}

func (b *bench) start(who contender, topic, dir string, size int) (*program.Process, error) {
	if who == yardstick || b.control {
		cmd := exec.Command(b.self, "bare", b.url+"/items", strconv.Itoa(size), b.cluster.Bootstrap, topic)
		return program.Start(cmd, filepath.Join(dir, "worker.log"))
	}
	w := program.Worker{
		Binary: b.worker, Dir: dir, Bootstrap: b.cluster.Bootstrap, Group: topic + "-group",
		Connectors: map[string]map[string]string{topic: {
			"connector.class": "HttpSourceV2", "output.data.format": "JSON", "tasks.max": "1", "apis.num": "1",
			"http.api.base.url": b.url, "auth.type": "NONE", "behavior.on.error": "FAIL",
			"api1.http.api.path":                   "/items",
			"api1.topics":                          topic,
			"api1.http.request.parameters":         fmt.Sprintf("start=${offset}&limit=%d", size),
			"api1.http.response.data.json.pointer": "/data",
			"api1.http.offset.mode":                "SIMPLE_INCREMENTING",
			"api1.http.initial.offset":             "0",
			"api1.request.interval.ms":             "0",
		}},
	}
	running, err := w.Start()
	if err != nil {
		return nil, err
	}
	return running.Process, nil
}

// verify counts the records that a reader of committed records gets.
func (b *bench) verify(ctx context.Context, topic string, want int) error {
	records, err := kafka.ReadAll(ctx, b.cluster.Bootstrap, topic, true)
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, r := range records {
		ids[string(r.Value[:min(len(r.Value), len(`{"id":100000000,`))])] = true
	}
	if len(records) != want || len(ids) != want {
		return fmt.Errorf("%d records with %d different ids arrived in %s, want %d", len(records), len(ids), topic, want)
	}
	return nil
}

func (b *bench) remove(ctx context.Context, topics ...string) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(b.cluster.Bootstrap))
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = kadm.NewClient(c).DeleteTopics(ctx, topics...)
	return err
}

// watch samples until everything has arrived: all records, no transaction open, nothing new for as long as quiet.
func (b *bench) watch(ctx context.Context, p *program.Process, topic string, want int, quiet time.Duration) ([]sample, error) {
	c, err := kgo.NewClient(kgo.SeedBrokers(b.cluster.Bootstrap))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	admin, ticker := kadm.NewClient(c), time.NewTicker(interval)
	defer ticker.Stop()
	var samples []sample
	for {
		s, err := b.sample(ctx, admin, p, topic)
		if err != nil {
			return nil, err
		}
		samples = append(samples, s)
		if s.stable >= int64(want) && s.at.Sub(reached(samples).at) > quiet {
			return samples, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waited for %d records, offset %d so far: %w", want, s.stable, context.Cause(ctx))
		case <-p.Done():
			return nil, fmt.Errorf("ended by itself with code %d at offset %d", p.ExitCode(), s.stable)
		case <-ticker.C:
		}
	}
}

// logOf returns the end of a program's log as an error.
func logOf(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "worker.log"))
	if err != nil || len(raw) == 0 {
		return err
	}
	return fmt.Errorf("its log ends with:\n%s", raw[max(0, len(raw)-2000):])
}
