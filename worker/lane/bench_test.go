package lane

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker/meter"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// bench is a lane whose items have one page of one record of 1 KiB each, as test/bench has it, without an API or Kafka.
func bench(b *testing.B) *house {
	h := newHouse(b, "api2.http.api.path", "/parents/${id}/items", "api2.http.request.parameters", "limit=1",
		"api2.http.response.data.json.pointer", "/data", "api2.http.offset.mode", "CURSOR_PAGINATION",
		"api2.http.initial.offset", "", "api2.http.next.page.json.pointer", "/next", "api2.request.interval.ms", "0",
		"api2.http.cursor.pagination.parameter.name", "cursor", "behavior.on.error", "FAIL")
	h.Metrics = meter.NewMetrics(prometheus.NewRegistry())
	raw := fmt.Appendf(nil, `{"id":100000000,"node_id":"I_kwDOAAAA00000000","number":1,"state":"open","locked":false,"title":"Consumer stalls",`+
		`"user":{"login":"user1","id":1000,"type":"User","site_admin":false},"labels":["bug","priority/1","area/consumer"],"assignee":null,`+
		`"milestone":null,"comments":7,"score":1.0001,"created_at":"2026-03-01T00:00:00Z","updated_at":"2026-04-01T00:00:00Z",`+
		`"closed_at":null,"ratio":0.000001,"url":"https://api.example.com/repos/acme/stream/issues/1","body":"%s"}`, bytes.Repeat([]byte("text "), 85))
	h.child.Fetcher = answers{Status: 200, Reason: "OK", URL: "http://api.test", Records: record.Memory{raw}, DataFound: true}
	return h
}

type answers poll.Response

func (a answers) Try(context.Context, poll.Request, int) (poll.Response, error) {
	return poll.Response(a), nil
}

// BenchmarkCrawl is what a lane does for an item itself, from its request to its page and progress.
func BenchmarkCrawl(b *testing.B) {
	h := bench(b)
	h.begin()
	item := chaining.Queued{Child: 2, ID: chaining.ItemOf(waiting).ID(), Announcement: waiting}
	b.ReportAllocs()
	for b.Loop() {
		c, err := h.crawl(b.Context(), h.child, item)
		if err != nil || c.Records != 1 || c.Err != nil {
			b.Fatal(err, c.Err)
		}
		for _, err := range c.Batch.Messages {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkLane is a lane at work: as BenchmarkCrawl, and what picking and committing cost beside package items and Kafka.
func BenchmarkLane(b *testing.B) {
	h := bench(b)
	ctx, done := context.WithCancel(b.Context())
	h.Items, h.Committer = &supply{left: b.N, open: b.N, done: done}, nowhere{h}
	b.ReportAllocs()
	b.ResetTimer()
	if err := h.Run(ctx); err != nil {
		b.Fatal(err)
	}
}

// supply are Items that wait, left to pick and open to commit.
type supply struct {
	left, open int
	done       func()
}

var waiting = &headwaterv1.Announcement{Child: 2, Emission: 1, Values: []*headwaterv1.Value{{Name: "id", Value: "100000000"}}}

func (s *supply) Next(_ int, now time.Time, busy func(chaining.ID) bool) (item chaining.Queued, ok bool, next time.Time, err error) {
	item = chaining.Queued{Child: 2, ID: chaining.ID{byte(s.left), byte(s.left >> 8), byte(s.left >> 16)}, Announcement: waiting}
	if s.left == 0 || busy(item.ID) {
		return item, false, now.Add(time.Hour), nil
	}
	s.left--
	return item, true, now, nil
}

func (s *supply) Commit(all ...chaining.Crawled) error {
	if s.open -= len(all); s.open == 0 {
		s.done()
	}
	return nil
}

// nowhere takes what is committed.
type nowhere struct{ *house }

func (nowhere) Commit(_ context.Context, group []record.Batch) error {
	for _, batch := range group {
		for _, err := range batch.Messages {
			if err != nil {
				return err
			}
		}
	}
	return nil
}
