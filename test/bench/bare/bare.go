// Package bare is the yardstick: the least program that takes an API's pages to Kafka. It GETs, splits the array and
// produces each record as it came, with acknowledgements of all replicas and an idempotent producer, and fetches the next
// page meanwhile. No transaction, no offsets, no retries, no configuration, no status.
package bare

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Config says what to copy where.
type Config struct {
	URL       string // of the API, without its query
	Limit     int    // records a page
	Bootstrap string
	Topic     string
}

// Run copies until the API answers with an empty page, and returns when everything is acknowledged.
func Run(ctx context.Context, cfg Config) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(cfg.Bootstrap), kgo.DefaultProduceTopic(cfg.Topic),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var failed atomic.Pointer[error]
	for body := range fetch(ctx, cancel, cfg) {
		err := split(body, func(record []byte) {
			client.Produce(ctx, &kgo.Record{Value: record}, func(_ *kgo.Record, err error) {
				if err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			})
		})
		if err != nil {
			return err
		}
	}
	if err := client.Flush(ctx); err != nil || ctx.Err() != nil {
		return fmt.Errorf("copy: %w", context.Cause(ctx))
	}
	if err := failed.Load(); err != nil {
		return fmt.Errorf("produce: %w", *err)
	}
	return nil
}

// fetch delivers page after page, one ahead of the one that is worked on. An error cancels ctx.
func fetch(ctx context.Context, cancel context.CancelCauseFunc, cfg Config) <-chan []byte {
	pages := make(chan []byte, 1)
	go func() {
		defer close(pages)
		for start := 0; ; start += cfg.Limit {
			body, err := get(ctx, http.DefaultClient, fmt.Sprintf("%s?start=%d&limit=%d", cfg.URL, start, cfg.Limit))
			if err != nil {
				cancel(err)
				return
			}
			if len(body) < len(`{"data":[{}]}`) {
				return
			}
			select {
			case pages <- body:
			case <-ctx.Done():
				return
			}
		}
	}()
	return pages
}

func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	body := make([]byte, max(0, resp.ContentLength))
	_, err = io.ReadFull(resp.Body, body)
	return body, err
}

// split calls emit with each element of the array beneath "data", as a piece of body.
func split(body []byte, emit func([]byte)) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	for _, want := range []jsontext.Kind{'{', '"', '['} {
		if token, err := d.ReadToken(); err != nil || token.Kind() != want {
			return fmt.Errorf("want {\"data\":[...]}, got %v: %w", token, err)
		}
	}
	for d.PeekKind() != ']' {
		value, err := d.ReadValue()
		if err != nil {
			return err
		}
		end := int(d.InputOffset())
		emit(body[end-len(value) : end])
	}
	return nil
}
