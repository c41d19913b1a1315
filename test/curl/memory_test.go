package curl

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/validate"
	"github.com/headwater/headwater/internal/connector"
)

// memory is a worker without Kafka: its connectors are what was put, and do what they are told at once. It has everything
// that the API can ask for, so that the API itself can be looked at before and without a real worker.
type memory struct {
	mu         sync.Mutex
	connectors map[string]*held
	loggers    map[string]api.Logger
}

// held is a connector of a memory.
type held struct {
	config  map[string]string
	target  string
	offsets []api.Offset
	topics  []string
}

func newMemory() *memory {
	return &memory{connectors: map[string]*held{}, loggers: map[string]api.Logger{"root": {Level: "INFO"}}}
}

func (m *memory) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.connectors))
}

func (m *memory) Connector(name string) (api.Connector, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.connectors[name]
	if !ok {
		return api.Connector{}, false
	}
	c := api.Connector{Config: h.config, Target: h.target}
	if h.target != "STOPPED" {
		c.Tasks = []map[string]string{h.config}
	}
	return c, true
}

func (m *memory) Status(name string) (api.Status, bool) {
	c, ok := m.Connector(name)
	if !ok {
		return api.Status{}, false
	}
	state := c.Target
	if state == "STARTED" {
		state = "RUNNING"
	}
	s := api.Status{Connector: api.ConnectorState{State: state, WorkerID: "memory:1"}}
	for i := range c.Tasks {
		now := time.Now()
		s.Tasks = append(s.Tasks, api.TaskStatus{ID: i, State: state, WorkerID: "memory:1", Headwater: &api.Progress{
			APIs: []api.APIProgress{{API: 1, Waiting: "interval", Until: &now}},
		}})
	}
	return s, true
}

func (m *memory) Create(_ context.Context, name string, config map[string]string, initial string) error {
	if err := m.check(config); err != nil {
		return api.Invalid(err.Error())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.connectors[name]; there {
		return api.Exists(name)
	}
	if initial == "" {
		initial = "STARTED"
	}
	m.connectors[name] = &held{config: config, target: initial, topics: []string{config["api1.topics"]}}
	return nil
}

func (m *memory) Put(ctx context.Context, name string, config map[string]string) error {
	if err := m.check(config); err != nil {
		return api.Invalid(err.Error())
	}
	m.mu.Lock()
	if h, there := m.connectors[name]; there {
		h.config = config
		m.mu.Unlock()
		return nil
	}
	m.mu.Unlock()
	return m.Create(ctx, name, config, "")
}

func (m *memory) check(config map[string]string) error {
	_, _, err := connector.Parse(config)
	return err
}

// with changes a connector that is there.
func (m *memory) with(name string, change func(h *held) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.connectors[name]
	if !ok {
		return api.NotFound(name)
	}
	return change(h)
}

func (m *memory) Delete(_ context.Context, name string) error {
	return m.with(name, func(*held) error { delete(m.connectors, name); return nil })
}

func (m *memory) Target(_ context.Context, name, state string) error {
	return m.with(name, func(h *held) error { h.target = state; return nil })
}

func (m *memory) Restart(context.Context, string, bool, bool) error { return nil }

func (m *memory) RestartTask(context.Context, string, int) error { return nil }

func (m *memory) Offsets(_ context.Context, name string) (list []api.Offset, err error) {
	err = m.with(name, func(h *held) error { list = slices.Clone(h.offsets); return nil })
	return list, err
}

func (m *memory) Alter(_ context.Context, name string, changes []api.OffsetChange) error {
	return m.with(name, func(h *held) error {
		if h.target != "STOPPED" {
			return api.NotStopped(name)
		}
		for _, c := range changes {
			h.offsets = slices.DeleteFunc(h.offsets, func(o api.Offset) bool { return maps.Equal(o.Partition, c.Partition) })
			if c.Offset != nil {
				h.offsets = append(h.offsets, api.Offset(c))
			}
		}
		slices.SortFunc(h.offsets, func(a, b api.Offset) int { return strings.Compare(a.Partition["url"], b.Partition["url"]) })
		return nil
	})
}

func (m *memory) Reset(_ context.Context, name string) error {
	return m.with(name, func(h *held) error { h.offsets = nil; return nil })
}

func (m *memory) ActiveTopics(name string) (topics []string) {
	_ = m.with(name, func(h *held) error { topics = h.topics; return nil })
	return topics
}

func (m *memory) ResetTopics(_ context.Context, name string) error {
	_ = m.with(name, func(h *held) error { h.topics = nil; return nil })
	return nil
}

func (m *memory) Loggers() map[string]api.Logger {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.loggers)
}

func (m *memory) SetLevel(logger, level string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loggers[logger] = api.Logger{Level: level, LastModified: new(time.Now().UnixMilli())}
	return []string{logger}, nil
}

func (m *memory) SetClusterLevel(_ context.Context, logger, level string) error {
	_, err := m.SetLevel(logger, level)
	return err
}

// serveMemory starts a server on a free port and returns where.
func serveMemory(t *testing.T, m *memory) string {
	t.Helper()
	s, err := api.New(api.Options{
		Listener: "http://127.0.0.1:0", Version: "0.1.0-dev", Commit: "", ClusterID: func() string { return "k1" },
		Reader: m, Writer: m, Lifecycle: m, Offsets: m, Alterer: m, Topics: m, Loggers: m,
		Validator: validate.Connector{Parse: m.check}, Mask: connector.Mask,
		Plugins: []api.Plugin{{
			Class: "HttpSourceV2", Type: "source", Version: "0.1.0-dev",
			Aliases: []string{"io.confluent.connect.http.source.GenericHttpSourceConnector"},
		}},
		Health:  func(context.Context) (api.Stage, error) { return api.Stage{Ready: true}, nil },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") }),
		Log:     slog.New(slog.DiscardHandler),
	})
	if err == nil {
		err = s.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return "http://" + s.Addr()
}
