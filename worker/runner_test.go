package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/convert"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// bench is a Runner on virtual time, with doors that are structs of functions.
type bench struct {
	*Runner
	began    time.Time
	requests []time.Duration // when each was sent
	claims   int
	records  []string // committed
	stored   *offsets.Offset
	fetch    func(n int) ([]string, error) // the n-th answer; nil: one record
	commit   func(n int) error             // how the n-th commit fails; nil: never
	commits  int
	take     error
}

func (b *bench) Fetch(context.Context, poll.Request) (poll.Response, error) {
	b.requests = append(b.requests, time.Since(b.began))
	n := len(b.requests)
	items, err := []string{fmt.Sprintf(`{"n":%d}`, n)}, error(nil)
	if b.fetch != nil {
		items, err = b.fetch(n)
	}
	list := record.Memory{}
	for _, i := range items {
		list = append(list, []byte(i))
	}
	return poll.Response{Status: 200, Reason: "OK", Records: list, DataFound: true}, err
}

func (b *bench) Claim(context.Context) error { b.claims++; return nil }

func (b *bench) Commit(_ context.Context, batches []record.Batch) error {
	b.commits++
	if b.commit != nil {
		if err := b.commit(b.commits); err != nil {
			return err
		}
	}
	for _, batch := range batches {
		for m, err := range batch.Messages {
			if err != nil {
				return err
			}
			b.records = append(b.records, m.Topic+string(m.Value))
		}
		if batch.Offset != nil {
			o, err := offsets.Decode(batch.Offset.Value)
			if err != nil {
				return err
			}
			b.stored = &o
		}
	}
	return nil
}

func (b *bench) Close() {}

func (b *bench) Load(context.Context, offsets.Partition) (*offsets.Offset, error) {
	return b.stored, nil
}

func (b *bench) Check(context.Context) error { return b.take }

func newBench(t *testing.T, interval time.Duration, change ...string) *bench {
	t.Helper()
	properties := map[string]string{
		"name": "c", "connector.class": "HttpSourceV2", "output.data.format": "JSON", "http.api.base.url": "http://api.test",
		"api1.http.api.path": "/items/${offset}", "api1.topics": "t", "api1.http.initial.offset": "1",
	}
	for i := 0; i < len(change); i += 2 {
		properties[change[i]] = change[i+1]
	}
	c, _, err := connector.Parse(properties)
	if err != nil {
		t.Fatal(err)
	}
	m, err := poll.New(c.BaseURL, c.APIs[0])
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{began: time.Now()}
	b.Runner = &Runner{
		Task: "c/api1", Interval: interval, Fetcher: b, Committer: b, Offsets: b, Lease: b, Log: slog.New(slog.DiscardHandler),
		Pipeline: &pipeline.Pipeline{Config: c, API: c.APIs[0], Machine: m, Converter: convert.JSON{}, OffsetsTopic: "o", Limit: 1 << 20, ErrorLimit: 1 << 20},
	}
	return b
}

// runFor runs b for d of virtual time and returns how it ended.
func (b *bench) runFor(t *testing.T, d time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return b.Run(ctx)
}

func TestRequestsKeepTheirInterval(t *testing.T) {
	for name, c := range map[string]struct {
		interval time.Duration
		claims   int
	}{"one claim": {time.Minute, 1}, "a claim each, when it is idle for long": {time.Hour, 3}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, c.interval)
				if err := b.runFor(t, 2*c.interval+c.interval/2); err != nil {
					t.Fatal(err)
				}
				want := []time.Duration{0, c.interval, 2 * c.interval}
				if fmt.Sprint(b.requests) != fmt.Sprint(want) || b.claims != c.claims || len(b.records) != 3 {
					t.Errorf("requests at %v, %d claims, records %v", b.requests, b.claims, b.records)
				}
			})
		})
	}
}

// TestACommitThatLastsIsSeen: when no more may be fetched ahead, the status says what that waits for.
func TestACommitThatLastsIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 0)
		b.fetch = func(n int) ([]string, error) {
			return []string{fmt.Sprintf(`{"n":%d,"x":"%s"}`, n, strings.Repeat("x", 900<<10))}, nil
		}
		b.commit = func(n int) error {
			if n == 1 {
				return nil
			}
			time.Sleep(10 * time.Second)
			if s := b.Status(); s.Waiting != "commit" || s.Pages == 0 {
				t.Errorf("waits for %q after %d pages", s.Waiting, s.Pages)
			}
			return &fault.Error{Op: "commit", Err: errors.New("seen")}
		}
		if err := b.runFor(t, 15*time.Second); err == nil {
			t.Error("the second commit did not fail")
		}
	})
}

// TestAfterAFailedCommit: what was fetched ahead is dropped, the id claimed again, and the same asked again.
func TestAfterAFailedCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Second)
		b.commit = func(n int) error {
			if n == 3 {
				return &fault.Error{Kind: fault.Retriable, Op: "commit", Err: errors.New("away")}
			}
			return nil
		}
		if err := b.runFor(t, 20*time.Second); err != nil {
			t.Fatal(err)
		}
		if b.claims != 2 {
			t.Errorf("%d claims, want 2", b.claims)
		}
		if got, want := b.stored.Offset, fmt.Sprint(len(b.records)); got != want {
			t.Errorf("offset %s after %s records", got, want)
		}
	})
}

func TestHowARunEnds(t *testing.T) {
	fatal := &fault.Error{Op: "ask", Err: errors.New("broken"), Report: &fault.Report{Message: "broken"}}
	for name, c := range map[string]struct {
		fetch   func(int) ([]string, error)
		take    error
		state   State
		records int
		fails   bool
	}{
		"stopped":      {nil, nil, Unassigned, 5, false},
		"API error":    {func(n int) ([]string, error) { return []string{`{}`}, onSecond(n, fatal) }, nil, Failed, 2, true},
		"another's":    {nil, &coordinator.Lost{What: "task c/0", Holder: "other"}, Unassigned, 0, false},
		"corrupt rows": {nil, fatal, Failed, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, time.Second)
				b.Runner.Interval, b.fetch, b.take = time.Second, c.fetch, c.take
				err := b.runFor(t, 4500*time.Millisecond)
				s := b.Status()
				if (err != nil) != c.fails || s.State != c.state || len(b.records) != c.records {
					t.Errorf("error %v, state %s (%s), records %v", err, s.State, s.Trace, b.records)
				}
				if c.fails != (s.State == Failed && s.Trace != "") {
					t.Errorf("state %s says %q", s.State, s.Trace)
				}
			})
		})
	}
}

func onSecond(n int, err error) error {
	if n == 2 {
		return err
	}
	return nil
}
