package api

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// canary is a secret that no answer may hold.
const canary = "s3cret-canary"

// backing is a worker made of what a test sets; nil functions do nothing and succeed.
type backing struct {
	connectors map[string]Connector
	statuses   map[string]Status
	create     func(ctx context.Context, name string, config map[string]string, initial string) error
	put        func(ctx context.Context, name string, config map[string]string) error
	remove     func(ctx context.Context, name string) error
	target     func(name, state string) error
	restart    func(name string, tasks, failed bool) error
	offsets    func(name string) ([]Offset, error)
}

func (b *backing) Names() []string { return slices.Sorted(maps.Keys(b.connectors)) }

func (b *backing) Connector(name string) (Connector, bool) {
	c, ok := b.connectors[name]
	return c, ok
}

func (b *backing) Status(name string) (Status, bool) {
	s, ok := b.statuses[name]
	return s, ok
}

func (b *backing) Create(ctx context.Context, name string, config map[string]string, initial string) error {
	if b.create != nil {
		return b.create(ctx, name, config, initial)
	}
	return nil
}

func (b *backing) Put(ctx context.Context, name string, config map[string]string) error {
	if b.put != nil {
		return b.put(ctx, name, config)
	}
	return nil
}

func (b *backing) Delete(ctx context.Context, name string) error {
	if b.remove != nil {
		return b.remove(ctx, name)
	}
	return nil
}

func (b *backing) Target(_ context.Context, name, state string) error {
	if b.target != nil {
		return b.target(name, state)
	}
	return nil
}

func (b *backing) Restart(_ context.Context, name string, tasks, failed bool) error {
	if b.restart != nil {
		return b.restart(name, tasks, failed)
	}
	return nil
}

func (b *backing) RestartTask(context.Context, string, int) error { return nil }

func (b *backing) Offsets(_ context.Context, name string) ([]Offset, error) {
	if b.offsets != nil {
		return b.offsets(name)
	}
	return nil, nil
}

func (b *backing) Alter(context.Context, string, []OffsetChange) error { return nil }

func (b *backing) Reset(context.Context, string) error { return nil }

func (b *backing) ActiveTopics(name string) []string {
	if b.connectors[name].Config == nil {
		return nil
	}
	return []string{"a"}
}

func (b *backing) ResetTopics(context.Context, string) error { return nil }

func (b *backing) Loggers() map[string]Logger {
	return map[string]Logger{"root": {Level: "INFO"}, "a": {Level: "WARN", LastModified: new(int64(1700000000000))}}
}

func (b *backing) SetLevel(logger, level string) ([]string, error) {
	return []string{logger + "." + level, logger}, nil
}

func (b *backing) SetClusterLevel(context.Context, string, string) error { return nil }

func (b *backing) Definitions(string) []Definition {
	return []Definition{
		{Name: "name", Type: "STRING", Required: true, Importance: "HIGH", Group: "Common", OrderInGroup: 1, Width: "MEDIUM"},
		{Name: "bearer.token", Type: "PASSWORD", Default: new(canary), Importance: "LOW", Group: "Auth", OrderInGroup: 1},
	}
}

func (b *backing) Validate(_ context.Context, config map[string]string) ([]Validated, error) {
	var list []Validated
	for _, d := range b.Definitions("") {
		v := Value{Name: d.Name, Visible: true}
		if text, ok := config[d.Name]; ok {
			v.Value = &text
		} else if d.Required {
			v.Errors = []string{"Missing required configuration \"" + d.Name + "\" which has no default value."}
		}
		list = append(list, Validated{Definition: &d, Value: v})
	}
	return list, nil
}

// maskTokens hides what looks like a secret, save references.
func maskTokens(config map[string]string) map[string]string {
	shown := maps.Clone(config)
	for name, value := range shown {
		if strings.Contains(name, "token") && !strings.HasPrefix(value, "${") {
			shown[name] = "***"
		}
	}
	return shown
}

// sample is a worker with one running connector, my-http, which has a failed task.
func sample() *backing {
	config := map[string]string{"connector.class": "HttpSource", "name": "my-http", "bearer.token": canary, "http.api.base.url": "https://a"}
	return &backing{
		connectors: map[string]Connector{
			"my-http": {Config: config, Tasks: []map[string]string{{"task.class": "T", "bearer.token": canary}, {}}},
			"resting": {Config: map[string]string{}, Target: stopped},
		},
		statuses: map[string]Status{"resting": {Connector: ConnectorState{State: stopped, WorkerID: "w:1"}}, "my-http": {
			Connector: ConnectorState{State: "RUNNING", WorkerID: "w:1"},
			Tasks: []TaskStatus{
				{ID: 1, State: "RUNNING", WorkerID: "w:1", Version: "1.0"},
				{ID: 0, State: "FAILED", WorkerID: "w:1", Trace: "a\n\tb <c>"},
			},
		}},
	}
}

func options(b *backing) Options {
	return Options{
		Listener: "http://127.0.0.1:0", Version: "4.3.0", Commit: "0123456789abcdef", ClusterID: func() string { return "k1" },
		Reader: b, Writer: b, Lifecycle: b, Offsets: b, Validator: b, Alterer: b, Topics: b, Loggers: b, Mask: maskTokens,
		Plugins: []Plugin{{Class: "io.example.HttpSourceConnector", Type: "source", Version: "1.0", Aliases: []string{"HttpSourceV2"}}, {Class: "io.example.JSON", Type: "converter"}},
		Health:  func(context.Context) (Stage, error) { return Stage{Ready: true}, nil },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") }),
		Log:     slog.New(slog.DiscardHandler),
	}
}

func server(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends one request, written as "METHOD /path", with a JSON body if there is one.
func ask(s *Server, line, body string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "localhost:8083"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}
