package foreign

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

const (
	first = 3000 // posts there are when the worker starts
	later = 130  // and that come when it has read those
)

func TestMain(m *testing.M) { os.Exit(kafka.Run(m)) }

// TestJSONServer: every record of two foreign services once, in real Kafka, in three offset modes; the worker is killed
// (kill -9) in the middle, and records that the services get later come too.
func TestJSONServer(t *testing.T) {
	cluster := kafka.Shared(t, 2)
	need(t, "npm", "which fetches the service")
	need(t, "node", "which runs the service")
	needKcat(t)
	byOffset, byPage := startService(t, "json-server", posts(first)), startService(t, "json-server-pages", posts(first))
	name := kafka.Name(t)
	connectors := map[string]map[string]string{
		name + "-offset": connector(byOffset.url, name+"-offset", api(1, name+"-start", startAPI), api(2, name+"-seq", seqAPI)),
		name + "-page":   connector(byPage.url, name+"-page", api(1, name+"-page", pageAPI)),
	}
	topics := []string{name + "-start", name + "-seq", name + "-page"}
	for _, topic := range topics {
		kafka.CreateTopic(t, cluster.Bootstrap, topic, 1, nil)
	}
	w := worker(t, cluster.Bootstrap, name, connectors)

	running := start(t, w)
	await(t, time.Minute, "some records of every topic", func() error { return atLeast(t, cluster.Bootstrap, topics, 300) })
	if err := running.Kill(); err != nil {
		t.Fatal(err)
	}
	start(t, w)
	await(t, 2*time.Minute, "all records of every topic", func() error { return atLeast(t, cluster.Bootstrap, topics, first) })
	for _, s := range []service{byOffset, byPage} {
		s.add(t, first+1, first+later)
	}
	await(t, time.Minute, "the later records of every topic", func() error { return atLeast(t, cluster.Bootstrap, topics, first+later) })
	for _, topic := range topics {
		seen, err := counts(t.Context(), cluster.Bootstrap, topic)
		if err == nil {
			err = once(seen, first+later)
		}
		if err != nil {
			t.Errorf("%s: %v", topic, err)
		}
	}
}

// The three ways in which the services page.
var (
	startAPI = map[string]string{
		"http.offset.mode": "SIMPLE_INCREMENTING", "http.initial.offset": "0",
		"http.request.parameters": "_start=${offset}&_limit=100",
	}
	seqAPI = map[string]string{
		"http.offset.mode": "CHAINING", "http.initial.offset": "0", "http.offset.json.pointer": "/seq",
		"http.request.parameters": "seq_gte=${offset}&_sort=seq&_limit=100",
	}
	pageAPI = map[string]string{
		"http.offset.mode": "CURSOR_PAGINATION", "http.initial.offset": "1", "http.next.page.json.pointer": "/next",
		"http.request.parameters": "_page=${offset}&_per_page=100", "http.response.data.json.pointer": "/data",
		"is.next.page.token.absolute.url": "false",
	}
)

// api returns one apiN block.
func api(n int, topic string, properties map[string]string) map[string]string {
	block := map[string]string{}
	for k, v := range properties {
		block[fmt.Sprintf("api%d.%s", n, k)] = v
	}
	block[fmt.Sprintf("api%d.http.api.path", n)] = "/posts"
	block[fmt.Sprintf("api%d.topics", n)] = topic
	block[fmt.Sprintf("api%d.request.interval.ms", n)] = "100"
	return block
}

func connector(base, name string, apis ...map[string]string) map[string]string {
	c := map[string]string{
		"connector.class": "HttpSourceV2", "output.data.format": "JSON", "auth.type": "NONE", "behavior.on.error": "FAIL",
		"http.api.base.url": base, "apis.num": fmt.Sprint(len(apis)), "tasks.max": fmt.Sprint(len(apis)),
		"reporter.error.topic.name": "error-" + name,
	}
	for _, block := range apis {
		maps.Copy(c, block)
	}
	return c
}

func worker(t *testing.T, bootstrap, group string, connectors map[string]map[string]string) program.Worker {
	t.Helper()
	binary, err := program.Build(t.Context(), t.TempDir(), "cmd/worker")
	if err != nil {
		t.Fatal(err)
	}
	return program.Worker{Binary: binary, Dir: t.TempDir(), Bootstrap: bootstrap, Group: group, Connectors: connectors}
}

func start(t *testing.T, w program.Worker) *program.RunningWorker {
	t.Helper()
	p, err := w.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Kill()
		if log, err := os.ReadFile(w.Log()); t.Failed() && err == nil {
			t.Logf("the worker's log ends with:\n%s", log[max(0, len(log)-4000):])
		}
	})
	return p
}

func atLeast(t *testing.T, bootstrap string, topics []string, n int) error {
	var behind []string
	for _, topic := range topics {
		seen, err := counts(t.Context(), bootstrap, topic)
		if err != nil {
			return err
		}
		if len(seen) < n {
			behind = append(behind, fmt.Sprintf("%s has %d", topic, len(seen)))
		}
	}
	if len(behind) > 0 {
		return fmt.Errorf("%s, want %d", strings.Join(behind, ", "), n)
	}
	return nil
}

// add posts records one by one, as any client of the service would.
func (s service) add(t *testing.T, from, to int) {
	t.Helper()
	for seq := from; seq <= to; seq++ {
		s.post(t, "/posts", newPost(seq))
	}
}

func (s service) post(t *testing.T, path string, record any) {
	t.Helper()
	raw, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(s.url+path, "application/json", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("POST %s of %s: %s", path, raw, resp.Status)
	}
}
