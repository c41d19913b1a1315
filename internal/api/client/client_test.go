package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/internal/api/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// worker answers what a test says and remembers what it was asked.
type worker struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func serve(t *testing.T, answer func(n int, r *http.Request) (status int, body string)) *worker {
	t.Helper()
	w := &worker{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		w.asked = append(w.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
		n := len(w.asked)
		w.mu.Unlock()
		status, text := answer(n, r)
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, text)
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *worker) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.asked...)
}

func connect(t *testing.T, c client.Config) *client.Client {
	t.Helper()
	cl, err := client.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// nobody returns the address of a worker that is not there.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String()
}

// Every call goes where Kafka Connect, or our own API, has it.
func TestCalls(t *testing.T) {
	w := serve(t, func(_ int, r *http.Request) (int, string) {
		switch {
		case r.URL.Path == "/connectors" && r.Method == "GET" && r.URL.RawQuery == "", strings.HasSuffix(r.URL.Path, "/tasks"), r.URL.Path == "/connector-plugins":
			return 200, "[]"
		}
		return 200, "{}"
	})
	c, ctx := connect(t, client.Config{Servers: []string{w.URL + "/"}}), context.Background()
	for _, call := range []struct {
		want string
		run  func() error
	}{
		{"GET /", func() error { _, err := c.Root(ctx); return err }},
		{"GET /health", func() error { _, err := c.Health(ctx); return err }},
		{"GET /connectors", func() error { _, err := c.Names(ctx); return err }},
		{"GET /connectors?expand=status", func() error { _, err := c.Statuses(ctx); return err }},
		{"GET /connectors/a%2Fb%20c", func() error { _, err := c.Connector(ctx, "a/b c"); return err }},
		{"GET /connectors/%2E%2E/config", func() error { _, err := c.Config(ctx, ".."); return err }},
		{"GET /connectors/a/tasks", func() error { _, err := c.Tasks(ctx, "a"); return err }},
		{"GET /connectors/a/status", func() error { _, err := c.Status(ctx, "a"); return err }},
		{"GET /connectors/a/tasks/1/status", func() error { _, err := c.TaskStatus(ctx, "a", 1); return err }},
		{
			`POST /connectors {"name":"a","config":{"k":"v"},"initial_state":"PAUSED"}`,
			func() error { _, err := c.Create(ctx, "a", map[string]string{"k": "v"}, "PAUSED"); return err },
		},
		{`PUT /connectors/a/config {"k":"v"}`, func() error { _, err := c.Put(ctx, "a", map[string]string{"k": "v"}); return err }},
		{`PATCH /connectors/a/config {"k":null}`, func() error { _, err := c.Patch(ctx, "a", map[string]*string{"k": nil}); return err }},
		{"DELETE /connectors/a", func() error { return c.Delete(ctx, "a") }},
		{"PUT /connectors/a/pause", func() error { return c.Pause(ctx, "a") }},
		{"PUT /connectors/a/resume", func() error { return c.Resume(ctx, "a") }},
		{"PUT /connectors/a/stop", func() error { return c.Stop(ctx, "a") }},
		{"POST /connectors/a/restart?includeTasks=true&onlyFailed=false", func() error { return c.Restart(ctx, "a", true, false) }},
		{"POST /connectors/a/tasks/0/restart", func() error { return c.RestartTask(ctx, "a", 0) }},
		{"GET /connectors/a/offsets", func() error { _, err := c.Offsets(ctx, "a"); return err }},
		{
			`PATCH /connectors/a/offsets {"offsets":[{"partition":{"url":"u"},"offset":null}]}`,
			func() error {
				_, err := c.AlterOffsets(ctx, "a", client.Offsets{Offsets: []client.Offset{{Partition: map[string]any{"url": "u"}}}})
				return err
			},
		},
		{"DELETE /connectors/a/offsets", func() error { _, err := c.ResetOffsets(ctx, "a"); return err }},
		{"GET /connectors/a/topics", func() error { _, err := c.Topics(ctx, "a"); return err }},
		{"PUT /connectors/a/topics/reset", func() error { return c.ResetTopics(ctx, "a") }},
		{"GET /connector-plugins", func() error { _, err := c.Plugins(ctx); return err }},
		{
			`PUT /connector-plugins/x.Y/config/validate {"connector.class":"x.Y"}`,
			func() error { _, err := c.Validate(ctx, map[string]string{"connector.class": "x.Y"}); return err },
		},
		{"GET /admin/loggers", func() error { _, err := c.Loggers(ctx); return err }},
		{`PUT /admin/loggers/root?scope=cluster {"level":"DEBUG"}`, func() error { return c.SetLogger(ctx, "root", "DEBUG") }},
		{"GET /headwater/v1/cluster", func() error { _, err := c.Cluster(ctx); return err }},
		{"GET /headwater/v1/worker", func() error { _, err := c.Worker(ctx); return err }},
		{"GET /headwater/v1/assignments", func() error { _, err := c.Assignments(ctx); return err }},
		{`POST /headwater/v1/assignments/plan {"drain":["w"]}`, func() error { _, err := c.Plan(ctx, wire.Change{Drain: []string{"w"}}); return err }},
		{`POST /headwater/v1/assignments/apply {"drain":["w"]}`, func() error { _, err := c.Apply(ctx, wire.Change{Drain: []string{"w"}}); return err }},
		{"GET /headwater/v1/connectors/a/explain", func() error { _, err := c.Explain(ctx, "a"); return err }},
		{"GET /headwater/v1/connectors/a/explain?scope=worker", func() error { _, err := c.ExplainOwn(ctx, "a"); return err }},
	} {
		before := len(w.requests())
		if err := call.run(); err != nil {
			t.Errorf("%s: %v", call.want, err)
		}
		if got := w.requests()[before:]; len(got) != 1 || got[0] != call.want {
			t.Errorf("asked %q, want %q", got, call.want)
		}
	}
}

func TestAsksTheNextWorker(t *testing.T) {
	away, there := nobody(t), serve(t, func(int, *http.Request) (int, string) { return 200, "{}" })
	c := connect(t, client.Config{Servers: []string{away, there.URL}})
	for range 2 {
		if err := c.Restart(t.Context(), "a", false, false); err != nil { // no POST was sent to the first one, so the next may have it
			t.Fatal(err)
		}
	}
	_, err := connect(t, client.Config{Servers: []string{away}}).Root(t.Context())
	u, ok := errors.AsType[*client.Unreachable](err)
	if !ok || len(u.Tried) != 1 || u.Tried[0].Server != away || !strings.Contains(err.Error(), "no worker answers") {
		t.Error(err)
	}
}

// A change that a worker may have carried out before it died is not sent again, unless twice is as good as once.
func TestUnsureChangesAreNotRepeated(t *testing.T) {
	dies := serve(t, func(int, *http.Request) (int, string) { panic(http.ErrAbortHandler) })
	there := serve(t, func(int, *http.Request) (int, string) { return 200, "{}" })
	ask := func(run func(c *client.Client) error) error {
		return run(connect(t, client.Config{Servers: []string{dies.URL, there.URL}}))
	}
	err := ask(func(c *client.Client) error { return c.Delete(t.Context(), "a") })
	if u, ok := errors.AsType[*client.Unreachable](err); !ok || !u.Unsure || !strings.Contains(err.Error(), "may have been carried out") {
		t.Error(err)
	}
	if got := there.requests(); len(got) != 0 {
		t.Errorf("asked %q", got)
	}
	if err := ask(func(c *client.Client) error { return c.Pause(t.Context(), "a") }); err != nil {
		t.Error(err)
	}
}

const rebalance = `{"error_code":409,"message":"Cannot complete request because of a conflicting operation (e.g. worker rebalance)"}`

func TestWaitsForABetterMoment(t *testing.T) {
	for _, bad := range []struct {
		status int
		body   string
	}{
		{409, rebalance},
		{500, `{"message":"Request cannot be completed because a rebalance is expected"}`},
		{503, "busy"},
	} {
		w := serve(t, func(n int, _ *http.Request) (int, string) {
			if n < 3 {
				return bad.status, bad.body
			}
			return 204, ""
		})
		if err := connect(t, client.Config{Servers: []string{w.URL}}).Delete(t.Context(), "a"); err != nil || len(w.requests()) != 3 {
			t.Error(err, w.requests())
		}
	}
}

func TestDoesNotWait(t *testing.T) {
	for _, c := range []struct {
		patience   time.Duration
		status     int
		body, want string
	}{
		{-1, 409, rebalance, "try again"},
		{300 * time.Millisecond, 409, rebalance, "try again"}, // 200 ms, then 400 would be too many
		{0, 409, `{"message":"Connector a already exists"}`, "Connector a already exists"},
		{0, 500, `{"message":"boom"}`, "boom"},
		{0, 401, `{"message":"who?"}`, "HEADWATER_TOKEN"},
		{0, 403, `{"message":"no"}`, "role"},
		{0, 404, `{"message":"HTTP 404 Not Found"}`, "no such call"},
		{0, 302, "", "redirects are not followed"},
		{0, 502, "<html>", "proxies"},
	} {
		w := serve(t, func(int, *http.Request) (int, string) { return c.status, c.body })
		err := connect(t, client.Config{Servers: []string{w.URL}, Patience: c.patience}).Delete(t.Context(), "a")
		e, ok := errors.AsType[*client.Error](err)
		if !ok || e.Status != c.status || !strings.Contains(err.Error(), c.want) || e.Server != w.URL {
			t.Errorf("%d: %v", c.status, err)
		}
		if n := len(w.requests()); n > 2 || n > 1 && c.patience <= 0 {
			t.Errorf("%d: asked %d times", c.status, n)
		}
	}
}

// The Patience ends, whatever the worker's Retry-After says.
func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		c := connect(t, client.Config{})
		c.SetTransport(roundTrip(func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			busy.ServeHTTP(w, r)
			return w.Result()
		}))
		start := time.Now()
		_, err := c.Root(t.Context())
		if took := time.Since(start); err == nil || took != 30*time.Second {
			t.Error(took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Root(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

func TestNotAWorker(t *testing.T) {
	w := serve(t, func(int, *http.Request) (int, string) { return 200, "<html>" })
	if _, err := connect(t, client.Config{Servers: []string{w.URL}}).Names(t.Context()); err == nil || !strings.Contains(err.Error(), "is this a worker") {
		t.Error(err)
	}
}

func TestCredentialsAreSent(t *testing.T) {
	w := serve(t, func(_ int, r *http.Request) (int, string) {
		b, _ := json.Marshal(client.Root{Version: r.Header.Get("Authorization")})
		return 200, string(b)
	})
	for want, c := range map[string]client.Config{
		"Bearer t": {Token: "t"}, "Basic YTpiOmM=": {User: "a", Password: "b:c"}, "": {},
	} {
		c.Servers = []string{w.URL}
		if root, err := connect(t, c).Root(t.Context()); err != nil || root.Version != want {
			t.Error(root, err, want)
		}
	}
}

func TestServersThatAreRefused(t *testing.T) {
	for server, want := range map[string]string{
		"ftp://a": "no base URL", "http://": "no base URL", "http://a?b": "no base URL", "::": "no base URL",
		"http://u:s3cret@a": "holds credentials", "http://:s3cret@%zz": "no base URL", "http://far:8083": "not sent over plain http",
	} {
		_, err := client.New(client.Config{Servers: []string{server}, Token: "t"})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", server, err)
		}
	}
	for _, server := range []string{"https://far", "127.0.0.1:1", "http://[::1]:1", "http://localhost"} {
		if _, err := client.New(client.Config{Servers: []string{server}, Token: "t"}); err != nil {
			t.Error(err)
		}
	}
	if _, err := client.New(client.Config{Token: "t", User: "u"}); err == nil {
		t.Error("token and user together")
	}
}

func TestSettings(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	user, token, two, bad := file("u", "ann:p:w\n"), file("t", "t0ken\r\n"), file("two", "c4nary\nc4nary\n"), file("bad", "c4nary")
	for _, c := range []struct {
		s    client.Settings
		env  map[string]string
		want string // servers, user, password, token; or of an error
	}{
		{want: "[]   "},
		{s: client.Settings{Servers: []string{"a, b", "c"}}, env: map[string]string{client.EnvServer: "x"}, want: "[a b c]   "},
		{env: map[string]string{client.EnvServer: "x,y", client.EnvToken: "t"}, want: "[x y]   t"},
		{env: map[string]string{client.EnvUser: "u", client.EnvPassword: "p"}, want: "[] u p "},
		{s: client.Settings{UserFile: user}, env: map[string]string{client.EnvToken: "t", client.EnvTokenFile: token}, want: "[] ann p:w "},
		{env: map[string]string{client.EnvTokenFile: token}, want: "[]   t0ken"},
		{env: map[string]string{client.EnvUserFile: user}, want: "[] ann p:w "},
		{s: client.Settings{TokenFile: token, UserFile: user}, want: "both a user file"},
		{s: client.Settings{TokenFile: two}, want: "exactly one line"},
		{s: client.Settings{UserFile: bad}, want: "user:password is expected"},
		{s: client.Settings{TokenFile: filepath.Join(dir, "no")}, want: "no such file"},
		{s: client.Settings{CACert: bad}, want: "no certificate"},
		{s: client.Settings{Cert: bad}, want: "and its key"},
		{s: client.Settings{Key: bad}, want: "without a certificate"},
		{env: map[string]string{client.EnvToken: "c4nary c4nary"}, want: "HEADWATER_TOKEN holds blanks"},
	} {
		got, err := c.s.Config(func(name string) string { return c.env[name] })
		text := fmt.Sprintf("%v %s %s %s", got.Servers, got.User, got.Password, got.Token)
		if err != nil {
			text = err.Error()
		}
		if err == nil && text != c.want || err != nil && !strings.Contains(text, c.want) || strings.Contains(text, "c4nary") {
			t.Errorf("%+v: %s, want %s", c.s, text, c.want)
		}
	}
}
