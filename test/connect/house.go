package connect

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

// house is what one test has: its topics, its API, and our workers one after another.
type house struct {
	t         *testing.T
	bootstrap string
	group     string
	api       *httptest.Server
	items     atomic.Int64 // that the API has
	worker    program.Worker
	running   *program.RunningWorker
}

// binaries is the folder of our worker's binary, made by TestMain.
var binaries string

// built is our worker's binary, built once.
var built = sync.OnceValues(func() (string, error) { return program.Build(context.Background(), binaries, "cmd/worker") })

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, bootstrap: kafka.Shared(t, 2).Bootstrap, group: kafka.Name(t)}
	h.api = httptest.NewServer(http.HandlerFunc(h.answer))
	t.Cleanup(h.api.Close)
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	h.worker = program.Worker{Binary: binary, Dir: t.TempDir(), Bootstrap: h.bootstrap, Group: h.group, Properties: map[string]string{
		"status.storage.partitions": "5",
	}}
	return h
}

// answer serves the items from start on, a few a page.
func (h *house) answer(w http.ResponseWriter, r *http.Request) {
	start, _ := strconv.Atoi(r.URL.Query().Get("start"))
	var out []string
	for i := start; i < int(h.items.Load()) && i < start+7; i++ {
		out = append(out, fmt.Sprintf(`{"id":%d}`, i))
	}
	fmt.Fprintf(w, "[%s]", strings.Join(out, ","))
}

// config is a connector that reads the API into topic.
func (h *house) config(topic string) map[string]string {
	return map[string]string{
		"connector.class": "HttpSourceV2", "output.data.format": "JSON", "http.api.base.url": h.api.URL, "tasks.max": "1",
		"reporter.error.topic.name": topic + "-errors",
		"api1.http.api.path":        "/items", "api1.topics": topic, "api1.http.offset.mode": "SIMPLE_INCREMENTING",
		"api1.http.initial.offset": "0", "api1.http.request.parameters": "start=${offset}", "api1.request.interval.ms": "100",
	}
}

// start runs our worker.
func (h *house) start() rest {
	h.t.Helper()
	w, err := h.worker.Start()
	if err != nil {
		h.t.Fatal(err)
	}
	h.running = w
	h.t.Cleanup(func() {
		_ = w.Kill()
		if log, err := os.ReadFile(h.worker.Log()); h.t.Failed() && err == nil {
			h.t.Logf("our worker's log ends with:\n%s", log[max(0, len(log)-4000):])
		}
	})
	r := rest{h.t, w.URL}
	r.await(w.Process, startDeadline)
	return r
}

// stop ends our worker in order.
func (h *house) stop() {
	h.t.Helper()
	if err := h.running.Terminate(stopDeadline); err != nil {
		h.t.Error(err)
	}
}

// records returns the committed records of one of the group's topics.
func (h *house) records(topic string) []*kgo.Record {
	h.t.Helper()
	return kafka.Read(h.t, h.bootstrap, topic, true)
}

// arrives waits until every item from first to before is in the topic, and fails when one is there twice or another is.
func (h *house) arrives(topic string, first, before int) {
	h.t.Helper()
	r := rest{t: h.t}
	var seen map[int]int
	r.until(fmt.Sprintf("items %d to %d in %s", first, before-1, topic), deadline, func() bool {
		seen = map[int]int{}
		for _, record := range h.records(topic) {
			seen[h.item(record)]++
		}
		return len(seen) >= before-first
	}, func() string { return fmt.Sprintf("it has %v", seen) })
	for id, n := range seen {
		if id < first || id >= before || n != 1 {
			h.t.Errorf("%s: item %d is there %d times", topic, id, n)
		}
	}
}

func (h *house) item(r *kgo.Record) int {
	h.t.Helper()
	var v struct{ ID int }
	text := string(r.Value)
	if unquoted := ""; json.Unmarshal(r.Value, &unquoted) == nil {
		text = unquoted
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		h.t.Fatalf("record %d:%d: %v in %s", r.Partition, r.Offset, err, r.Value)
	}
	return v.ID
}

// last returns the newest record of each key of a topic, tombstones too.
func (h *house) last(topic string) map[string]*kgo.Record {
	h.t.Helper()
	out := map[string]*kgo.Record{}
	for _, r := range h.records(topic) {
		out[string(r.Key)] = r
	}
	return out
}
