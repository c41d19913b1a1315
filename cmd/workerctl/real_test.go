package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// aWorker is the real binary with its own broker. It listens where tests find it.
func aWorker(t *testing.T) (url string) {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "worker")
	if out, err := exec.Command("go", "build", "-o", binary, "../worker").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	rest := free(t)
	properties := filepath.Join(dir, "worker.properties")
	if err := os.WriteFile(properties, []byte("group.id=ctl\nlisteners=http://"+rest+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "--dev", "--dev-listen", free(t), "--data-dir", filepath.Join(dir, "data"), "--config", properties)
	log := &tail{}
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var read sync.WaitGroup
	read.Go(func() { log.follow(pipe) })
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		gone := make(chan struct{})
		go func() {
			read.Wait()
			_ = cmd.Wait()
			close(gone)
		}()
		select {
		case <-gone:
		case <-time.After(40 * time.Second):
			_ = cmd.Process.Kill()
			<-gone
		}
		if t.Failed() {
			t.Logf("the worker said:\n%s", log.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for url = "http://" + rest; ; time.Sleep(50 * time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == 200 {
				http.DefaultClient.CloseIdleConnections()
				return url
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("the worker is not healthy: %v\n%s", err, log.String())
		}
	}
}

// tail keeps what a process says.
type tail struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *tail) follow(r io.Reader) {
	for s := bufio.NewScanner(r); s.Scan(); {
		l.mu.Lock()
		l.text.WriteString(s.Text() + "\n")
		l.mu.Unlock()
	}
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// A person runs a connector from its birth to its end with nothing but workerctl, on a real worker.
func TestOnARealWorker(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a worker")
	}
	polled := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[{"id":1}]`) }))
	defer polled.Close()
	url := aWorker(t)
	document := func(interval string) string {
		b, err := json.Marshal(map[string]any{"name": "orders", "config": map[string]string{
			"connector.class": "HttpSourceV2", "http.api.base.url": polled.URL, "apis.num": "1", "api1.http.api.path": "/orders",
			"api1.topics": "orders", "api1.http.offset.mode": "SIMPLE_INCREMENTING", "api1.http.initial.offset": "0",
			"api1.request.interval.ms": interval, "auth.type": "NONE", "output.data.format": "JSON",
		}})
		if err != nil {
			t.Fatal(err)
		}
		return file(t, "orders.json", string(b))
	}
	first, second := document("600000"), document("500000")
	for _, step := range []struct {
		line string
		code int
		says string
	}{
		{"connector list -o json", 0, "[]"},
		{"connector validate " + first, 0, "connector orders is valid"},
		{"connector create " + first + " --dry-run", 0, "orders: would be created"},
		{"connector create " + first + " --wait --timeout 20s", 0, "orders: created, RUNNING now"},
		{"connector create " + first, 2, "already exists"},
		{"connector list", 0, "orders   RUNNING   1       1         0"},
		{"connector get orders -o yaml", 0, `api1.request.interval.ms: "600000"`},
		{"connector status orders", 0, "orders/0   RUNNING"},
		{"connector apply " + first, 0, "orders: unchanged"},
		{"connector apply " + second + " --dry-run", 0, "would be changed: api1.request.interval.ms"},
		{"connector apply " + second + " --wait --timeout 20s", 0, "orders: changed, RUNNING now"},
		{"connector pause orders --wait --timeout 20s", 0, "orders: paused, PAUSED now"},
		{"connector resume orders --wait --timeout 20s", 0, "orders: resumed, RUNNING now"},
		{"connector restart orders --wait --timeout 20s", 0, "RUNNING now"},
		{"task list", 0, "orders/0   RUNNING"},
		{"task restart orders/0 --wait --timeout 20s", 0, "orders/0: restarted, RUNNING now"},
		{"task restart orders/7", 2, "Unknown task"},
		{"worker list", 0, "leader"},
		{"assign list -o json", 0, `"task": "orders/0"`},
		{"assign drain nobody:1 --dry-run", 2, "nobody:1"},
		{"connector explain orders", 0, "api1: "},
		{"offset set orders --partition url=x --offset offset=1", 2, "STOPPED"},
		{"connector stop orders --wait --timeout 20s", 0, "orders: stopped, STOPPED now"},
		{"offset get orders -o json", 0, `"offset": "`},
		{"offset set orders --offset offset=41", 0, "successfully"},
		{"offset get orders", 0, "offset=41"},
		{"offset reset orders", 0, "successfully"},
		{"connector delete orders --wait --timeout 20s", 0, "orders: deleted"},
		{"connector get orders", 2, "not found"},
		{"version", 0, "worker    "},
	} {
		start := time.Now()
		s := ctl(t, url, "", strings.Fields(step.line)...)
		text := s.out.String() + s.err.String()
		t.Logf("%s: exit %d after %s", step.line, s.code, time.Since(start).Round(time.Millisecond))
		if s.code != step.code || !strings.Contains(text, step.says) {
			t.Errorf("$ workerctl %s\n%s\nexit %d, want %d and %q", step.line, text, s.code, step.code, step.says)
		}
	}
}
