// Package states shows that each thing that can be wrong ends in a clear state and message, with nothing lost: the real
// binary on real Kafka.
package states

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

// binary is the worker, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(kafka.Run(m)) }

// house is one worker in one state: its Kafka, its API and its connector.
type house struct {
	t         *testing.T
	name      string
	bootstrap string
	api       *httptest.Server
	config    map[string]string
	worker    program.Worker
	running   *program.RunningWorker
}

// authorized is a broker on which everything is allowed that nobody denied.
func authorized(t *testing.T) string {
	t.Helper()
	return kafka.Start(t, kafka.Options{TransactionVersion: 2, Properties: map[string]string{
		"authorizer.class.name":            "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"allow.everyone.if.no.acl.found":   "true",
		"super.users":                      "User:nobody",
		"early.start.listeners":            "CONTROLLER",
		"group.initial.rebalance.delay.ms": "0",
	}}).Bootstrap
}

func newHouse(t *testing.T, bootstrap string, answer http.HandlerFunc) *house {
	t.Helper()
	if binary == "" {
		built, err := program.Build(t.Context(), os.TempDir(), "./cmd/worker")
		if err != nil {
			t.Fatal(err)
		}
		binary = built
	}
	api := httptest.NewServer(answer)
	t.Cleanup(api.Close)
	name := kafka.Name(t)
	h := &house{t: t, name: name, bootstrap: bootstrap, api: api, config: map[string]string{
		"connector.class": "HttpSourceV2", "output.data.format": "JSON", "http.api.base.url": api.URL,
		"reporter.error.topic.name": name + "-errors",
		"api1.http.api.path":        "/items", "api1.topics": name, "api1.http.offset.mode": "SIMPLE_INCREMENTING",
		"api1.http.initial.offset": "0", "api1.http.request.parameters": "start=${offset}",
		"api1.request.interval.ms": "200", "api1.max.retries": "1", "api1.retry.backoff.ms": "50",
	}}
	h.worker = program.Worker{Binary: binary, Dir: t.TempDir(), Bootstrap: bootstrap, Group: name}
	return h
}

// reported makes the error topic, so that it can be read before the worker has come to that.
func (h *house) reported() *house {
	h.t.Helper()
	kafka.CreateTopic(h.t, h.bootstrap, h.name+"-errors", 1, nil)
	return h
}

func (h *house) start() {
	h.t.Helper()
	h.worker.Connectors = map[string]map[string]string{h.name: h.config}
	w, err := h.worker.Start()
	if err != nil {
		h.t.Fatal(err)
	}
	h.running = w
	h.t.Cleanup(func() { _ = w.Kill() })
}

// ends waits for the worker to end by itself and checks code and log.
func (h *house) ends(code int, within time.Duration, says ...string) {
	h.t.Helper()
	select {
	case <-h.running.Done():
	case <-time.After(within):
		h.t.Fatalf("the worker has not ended within %v; its log: %s", within, h.log())
	}
	if got := h.running.ExitCode(); got != code {
		h.t.Errorf("exit code %d, want %d", got, code)
	}
	h.says(h.log(), says...)
}

func (h *house) log() string {
	raw, _ := os.ReadFile(filepath.Join(h.worker.Dir, "worker.log"))
	return string(raw)
}

func (h *house) says(text string, parts ...string) {
	h.t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			h.t.Errorf("%q is not said in: %s", p, text)
		}
	}
}

// status is what GET /connectors/{name}/status says: the worst state and its trace.
func (h *house) status() (state, trace string) {
	resp, err := http.Get(h.running.URL + "/connectors/" + h.name + "/status")
	if err != nil {
		return "", err.Error()
	}
	defer resp.Body.Close()
	var body struct {
		Connector struct{ State, Trace string }
		Tasks     []struct{ State, Trace string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		return "", err.Error()
	}
	for _, s := range body.Tasks {
		if s.State == "FAILED" {
			return s.State, s.Trace
		}
	}
	return body.Connector.State, body.Connector.Trace
}

func (h *house) becomes(want string, says ...string) {
	h.t.Helper()
	var state, trace string
	for until := time.Now().Add(40 * time.Second); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		if state, trace = h.status(); state == want {
			h.says(trace, says...)
			return
		}
	}
	h.t.Fatalf("state %q (%s), waited for %s; log: %s", state, trace, want, h.log())
}

// holds waits until the topic has n committed records.
func (h *house) holds(topic string, n int) []*kgo.Record {
	h.t.Helper()
	var got []*kgo.Record
	for until := time.Now().Add(40 * time.Second); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		if got = kafka.Read(h.t, h.bootstrap, topic, true); len(got) >= n {
			break
		}
	}
	if len(got) != n {
		h.t.Fatalf("topic %s has %d records, want %d; log: %s", topic, len(got), n, h.log())
	}
	return got
}

// stored is what the worker says of its offsets.
func (h *house) stored() string {
	resp, err := http.Get(h.running.URL + "/connectors/" + h.name + "/offsets")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	var body struct{ Offsets []json.RawMessage }
	_ = json.NewDecoder(resp.Body).Decode(&body)
	return fmt.Sprint(len(body.Offsets))
}

func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			if h.Value == nil {
				return "null"
			}
			return string(h.Value)
		}
	}
	return "absent"
}

// items serves records 0 to n-1 of a list, each as make gives it.
func items(n int, item func(i int) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		start, _ := strconv.Atoi(r.URL.Query().Get("start"))
		var out []string
		for i := start; i < n; i++ {
			out = append(out, item(i))
		}
		fmt.Fprintf(w, "[%s]", strings.Join(out, ","))
	}
}

func plain(i int) string { return fmt.Sprintf(`{"id":%d}`, i) }

func TestConfigFault(t *testing.T) {
	h := newHouse(t, kafka.Shared(t, 2).Bootstrap, items(1, plain))
	h.config["api1.http.initial.offset"], h.config["api1.request.interval.ms"] = "first", "soon"
	h.start()
	h.ends(2, 30*time.Second, "api1.http.initial.offset", "first", "api1.request.interval.ms", "soon")
}

func TestRecordLargerThanTheTopicTakes(t *testing.T) {
	big := func(i int) string { return fmt.Sprintf(`{"id":%d,"text":"%s"}`, i, strings.Repeat("x", i%2*5000)) }
	for tolerance, want := range map[string]struct {
		state   string
		records int
		errors  int
		offsets string
	}{"none": {"FAILED", 0, 1, "0"}, "all": {"RUNNING", 2, 2, "1"}} {
		t.Run(tolerance, func(t *testing.T) {
			h := newHouse(t, kafka.Shared(t, 2).Bootstrap, items(4, big))
			kafka.CreateTopic(t, h.bootstrap, h.name, 1, map[string]string{"max.message.bytes": "2000"})
			h.config["errors.tolerance"] = tolerance
			h.reported().start()
			if want.state == "FAILED" {
				h.becomes("FAILED", "max.message.bytes", "errors.tolerance")
			}
			errors := h.holds(h.name+"-errors", want.errors)
			h.says(header(errors[0], "error_message"), "takes 2000")
			h.holds(h.name, want.records)
			if got := h.stored(); got != want.offsets {
				t.Errorf("%s offsets stored, want %s", got, want.offsets)
			}
		})
	}
}

func TestDeadAPI(t *testing.T) {
	h := newHouse(t, kafka.Shared(t, 2).Bootstrap, items(1, plain))
	h.api.Close()
	h.start()
	h.becomes("FAILED", h.api.URL, "refused")
	if got := header(h.holds(h.name+"-errors", 1)[0], "status_code"); got != "-1" {
		t.Errorf("status_code %s, want -1", got)
	}
}

func TestInvalidJSON(t *testing.T) {
	h := newHouse(t, kafka.Shared(t, 2).Bootstrap, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `[{"id":1},{"id":`+"oops]") })
	h.start()
	h.becomes("FAILED", "JSON")
	e := h.holds(h.name+"-errors", 1)[0]
	if got := header(e, "status_code"); got != "null" {
		t.Errorf("status_code %s, want null: the answer was a 200", got)
	}
	h.holds(h.name, 0)
}

// TestNotFound: FAIL stops, IGNORE reports and goes on; when the API heals, every record is there, once.
func TestNotFound(t *testing.T) {
	for policy, state := range map[string]string{"FAIL": "FAILED", "IGNORE": "RUNNING"} {
		t.Run(policy, func(t *testing.T) {
			var healed atomic.Bool
			h := newHouse(t, kafka.Shared(t, 2).Bootstrap, func(w http.ResponseWriter, r *http.Request) {
				if !healed.Load() {
					http.Error(w, `{"message":"no such thing"}`, http.StatusNotFound)
					return
				}
				items(5, plain)(w, r)
			})
			h.config["behavior.on.error"] = policy
			h.reported().start()
			for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
				if len(kafka.Read(t, h.bootstrap, h.name+"-errors", true)) > 0 {
					break
				}
			}
			h.becomes(state)
			e := kafka.Read(t, h.bootstrap, h.name+"-errors", true)[0]
			h.says(header(e, "status_code")+header(e, "reason_phrase")+header(e, "response_content"), "404", "Not Found", "no such thing")
			healed.Store(true)
			if state == "FAILED" {
				resp, err := http.Post(h.running.URL+"/connectors/"+h.name+"/restart?includeTasks=true", "application/json", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			h.holds(h.name, 5)
			h.becomes("RUNNING")
		})
	}
}

func TestKafkaUnreachableAtStart(t *testing.T) {
	kafka.Shared(t, 2) // left out with the others where there is no Kafka
	nobody, err := program.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, nobody, items(1, plain))
	h.start()
	h.ends(3, 90*time.Second, nobody, "bootstrap.servers")
}

func TestMissingTopicPermission(t *testing.T) {
	bootstrap := authorized(t)
	h := newHouse(t, bootstrap, items(3, plain))
	kafka.CreateTopic(t, bootstrap, h.name, 1, nil)
	cl, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	admin := kadm.NewClient(cl)
	deny := kadm.NewACLs().Topics(h.name).ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpWrite).Deny("User:ANONYMOUS").DenyHosts("*")
	if _, err := admin.CreateACLs(t.Context(), deny); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.becomes("FAILED", "TOPIC_AUTHORIZATION_FAILED", "WRITE")
	if got := h.stored(); got != "0" {
		t.Errorf("%s offsets stored, though no record was", got)
	}
	// Granted and restarted, every record comes.
	filter := kadm.NewACLs().Topics(h.name).ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpWrite).Deny("User:ANONYMOUS").DenyHosts("*")
	if _, err := admin.DeleteACLs(t.Context(), filter); err != nil {
		t.Fatal(err)
	}
	if err := h.running.Kill(); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.holds(h.name, 3)
}

func TestOffsetsTopicNotCompacted(t *testing.T) {
	h := newHouse(t, kafka.Shared(t, 2).Bootstrap, items(1, plain))
	kafka.CreateTopic(t, h.bootstrap, h.name+"-offsets", 5, map[string]string{"cleanup.policy": "delete"})
	h.start()
	h.ends(3, 30*time.Second, h.name+"-offsets", "cleanup.policy", "compact", "offset.storage.topic")
}

// TestAtLeastOnce: exactly.once.source.support=disabled works too; a restart goes on from the stored offset.
func TestAtLeastOnce(t *testing.T) {
	h := newHouse(t, kafka.Shared(t, 2).Bootstrap, items(5, plain))
	kafka.CreateTopic(t, h.bootstrap, h.name, 1, nil)
	h.worker.Properties = map[string]string{"exactly.once.source.support": "disabled"}
	h.start()
	h.holds(h.name, 5)
	if err := h.running.Terminate(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.becomes("RUNNING")
	if got := h.stored(); got != "1" {
		t.Errorf("%s offsets stored", got)
	}
	h.holds(h.name, 5)
}
