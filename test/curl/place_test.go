package curl

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

func TestMain(m *testing.M) { os.Exit(kafka.Run(m)) }

// place is a worker that is asked.
type place struct {
	url    string
	worker string // its worker_id
	api    string // the base URL of an API that answers nothing new
	broker string // its Kafka
}

// onWorker runs a test against the real worker with its own broker.
func onWorker(t *testing.T, test func(t *testing.T, p place)) {
	if testing.Short() {
		t.Skip("the real worker is for make curl")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		kafka.LeftOut(t, "curl is missing")
	}
	quiet := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("[]"))
	}))
	t.Cleanup(quiet.Close)
	url, broker := startWorker(t)
	test(t, place{url, strings.TrimPrefix(url, "http://"), quiet.URL, broker})
}

// startWorker builds and runs cmd/worker --dev and returns where its API is, once it is healthy, and where its Kafka.
func startWorker(t *testing.T) (url, broker string) {
	t.Helper()
	dir := t.TempDir()
	binary, err := program.Build(t.Context(), dir, "cmd/worker")
	if err != nil {
		t.Fatal(err)
	}
	address, err := program.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	if broker, err = program.FreeAddress(); err != nil {
		t.Fatal(err)
	}
	properties := filepath.Join(dir, "worker.properties")
	if err := os.WriteFile(properties, []byte("group.id=curl\nlisteners=http://"+address+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "worker.log")
	p, err := program.Start(exec.Command(binary, "--dev", "--dev-listen", broker, "--data-dir", filepath.Join(dir, "data"), "--config", properties), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Kill()
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("the worker's log:\n%s", text)
		}
	})
	url = "http://" + address
	await(t, func() error {
		code, body := ask(t, "curl '"+url+"/health'")
		if code != http.StatusOK {
			return fmt.Errorf("health: %d %s", code, body)
		}
		return nil
	})
	return url, broker
}

// ask runs a line with the shell and returns the status and the body. 0 means that nobody answered.
func ask(t *testing.T, line string) (code int, body string) {
	t.Helper()
	line = strings.Replace(line, "curl ", `curl --silent --show-error --max-time 60 --write-out '\n%{http_code}' `, 1)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	// A proxy of the machine's is not for loopback.
	cmd.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Sprintf("%v: %s", err, complaints.Bytes())
	}
	i := bytes.LastIndexByte(out, '\n')
	code, _ = strconv.Atoi(string(out[i+1:]))
	return code, string(out[:i])
}

// await asks until there is no error, for half a minute at most.
func await(t *testing.T, asked func() error) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := asked()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// connector is a configuration with one API.
func (p place) connector(name string, change map[string]string) map[string]string {
	config := map[string]string{
		"connector.class": "HttpSourceV2", "output.data.format": "JSON", "http.api.base.url": p.api,
		"api1.http.api.path": "/items", "api1.topics": name, "api1.http.offset.mode": "SIMPLE_INCREMENTING",
		"api1.http.initial.offset": "0", "api1.http.request.parameters": "start=${offset}", "api1.request.interval.ms": "200",
	}
	maps.Copy(config, change)
	return config
}
