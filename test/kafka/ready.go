package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// awaitReady returns when the broker answers and both coordinators have their topics. Until then it asks ten times a
// second; ctx bounds it.
func (c *Cluster) awaitReady(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Bootstrap), kgo.RequestRetries(0), kgo.DialTimeout(time.Second))
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		missing, err := unready(ctx, client)
		if err == nil {
			return nil
		}
		select {
		case <-c.process.Done():
			return errors.New("the broker ended by itself")
		case <-ctx.Done():
			return fmt.Errorf("the broker at %s was not ready in time: waited for %s, last answer: %w", c.Bootstrap, missing, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// unready names the first thing that does not answer yet.
func unready(ctx context.Context, client *kgo.Client) (missing string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		return "an answer", err
	}
	for _, kind := range []struct {
		number int8
		name   string
	}{{0, "the group coordinator"}, {1, "the transaction coordinator"}} {
		r := kmsg.NewPtrFindCoordinatorRequest()
		r.CoordinatorType, r.CoordinatorKey, r.CoordinatorKeys = kind.number, "probe", []string{"probe"}
		answer, err := r.RequestWith(ctx, client)
		if err != nil {
			return kind.name, err
		}
		for _, c := range answer.Coordinators {
			if err := kerr.ErrorForCode(c.ErrorCode); err != nil {
				return kind.name, err
			}
		}
	}
	return "", nil
}

// tail returns the last lines of the broker's log and output.
func (c *Cluster) tail(lines int) string {
	var out []byte
	for _, path := range []string{c.log("stdout.log"), c.Log()} {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		all := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
		out = append(out, path+":\n"...)
		out = append(out, bytes.Join(all[max(0, len(all)-lines):], []byte("\n"))...)
		out = append(out, '\n')
	}
	return string(out)
}
