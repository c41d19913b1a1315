package source

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the collectors of all clients of a process, by connector and API. A nil *Metrics counts nothing.
type Metrics struct {
	requests, retries, wire, bytes *prometheus.CounterVec
	seconds                        *prometheus.HistogramVec

	mu      sync.Mutex
	clients map[string]int // of each connector
}

// NewMetrics registers the collectors with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	labels := []string{"connector", "api"}
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append(labels[:2:2], more...))
	}
	m := &Metrics{
		clients: map[string]int{},
		requests: counter("headwater_http_requests_total",
			"Requests sent to APIs, retries included, by the class of the answer's status: 2xx to 5xx, none without an answer.", "status"),
		retries: counter("headwater_http_retries_total", "Requests that were sent again after a failure."),
		wire:    counter("headwater_http_received_bytes_total", "Bytes of response bodies as they came over the wire."),
		bytes:   counter("headwater_http_body_bytes_total", "Bytes of response bodies after decompression."),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "headwater_http_request_seconds", Help: "Seconds from the request to the last byte of its answer.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}, labels),
	}
	reg.MustRegister(m.requests, m.retries, m.wire, m.bytes, m.seconds)
	return m
}

// meters are the collectors of one API, found once. A nil *meters counts nothing.
type meters struct {
	of                         *Metrics
	connector, api             string
	good, retries, wire, bytes prometheus.Counter
	seconds                    prometheus.Observer
}

func (m *Metrics) meters(connector, api string) *meters {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients[connector] == 0 { // it is on its way out
		return nil
	}
	return &meters{
		of: m, connector: connector, api: api,
		good: m.requests.WithLabelValues(connector, api, "2xx"), retries: m.retries.WithLabelValues(connector, api),
		wire: m.wire.WithLabelValues(connector, api), bytes: m.bytes.WithLabelValues(connector, api),
		seconds: m.seconds.WithLabelValues(connector, api),
	}
}

// asked counts one attempt.
func (m *meters) asked(f *failure, took time.Duration) {
	if m == nil {
		return
	}
	m.seconds.Observe(took.Seconds())
	if class := statusClass(f); class == "2xx" {
		m.good.Inc()
	} else {
		m.of.bad(m.connector, m.api, class)
	}
}

// bad counts an attempt without a good answer, unless the connector's last client was closed: what is under way fails then.
func (m *Metrics) bad(connector, api, class string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients[connector] > 0 {
		m.requests.WithLabelValues(connector, api, class).Inc()
	}
}

func (m *meters) retried() {
	if m != nil {
		m.retries.Inc()
	}
}

func (m *meters) received(wire, plain int64) {
	if m != nil {
		m.wire.Add(float64(wire))
		m.bytes.Add(float64(plain))
	}
}

// statusClass is 2xx for an answer that was good or could not be read, none when there was none.
func statusClass(f *failure) string {
	switch {
	case f == nil || f.status == nil:
		return "2xx"
	case *f.status == noAnswer:
		return "none"
	}
	return fmt.Sprintf("%dxx", *f.status/100)
}

// begin is told of a connector's new client.
func (m *Metrics) begin(connector string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clients[connector]++
}

// end is told that one is closed. With the last the connector's series go, those of APIs that it has no more among them: its
// tasks and its work queue have a client each.
func (m *Metrics) end(connector string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients[connector]--; m.clients[connector] > 0 {
		return
	}
	delete(m.clients, connector)
	of := prometheus.Labels{"connector": connector}
	for _, v := range []*prometheus.CounterVec{m.requests, m.retries, m.wire, m.bytes} {
		v.DeletePartialMatch(of)
	}
	m.seconds.DeletePartialMatch(of)
}
