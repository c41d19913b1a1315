package queue

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headwater/headwater/internal/api/wire"
)

// Metrics is a collector that asks the lanes of this worker when it is scraped.
type Metrics struct {
	lanes              func() map[string][]Lane
	items, oldest, lag *prometheus.Desc
}

// NewMetrics registers the collector with reg. lanes returns the lanes that run here, by connector.
func NewMetrics(reg prometheus.Registerer, lanes func() map[string][]Lane) {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, append([]string{"connector"}, labels...), nil)
	}
	reg.MustRegister(&Metrics{
		lanes: lanes,
		items: describe("headwater_queue_items", "Work items on this worker's lanes, by state: waiting, active, idle, failed, ended.", "api", "state"),
		oldest: describe("headwater_queue_oldest_waiting_seconds",
			"Age of the announcement that has been waiting for longest on this worker's lanes; 0 when none waits.", "api"),
		lag: describe("headwater_queue_lag", "Announcements that wait on a lane of this worker.", "lane"),
	})
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.items
	out <- m.oldest
	out <- m.lag
}

// Collect implements prometheus.Collector. A lane that is going away is left out.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	now := time.Now()
	for connector, lanes := range m.lanes() {
		sums := map[int]wire.QueueAPI{}
		for _, l := range lanes {
			row, err := l.Row("", now)
			if err != nil || !l.Ready() {
				continue
			}
			out <- prometheus.MustNewConstMetric(m.lag, prometheus.GaugeValue, float64(row.Lag), connector, strconv.Itoa(row.Lane))
			for _, a := range row.APIs {
				sum := sums[a.API]
				sum.Add(a)
				sums[a.API] = sum
			}
		}
		for api, sum := range sums {
			m.collect(out, connector, api, sum, now)
		}
	}
}

func (m *Metrics) collect(out chan<- prometheus.Metric, connector string, api int, sum wire.QueueAPI, now time.Time) {
	name := strconv.Itoa(api)
	for state, n := range map[string]int64{
		wire.ItemWaiting: sum.Waiting, wire.ItemActive: sum.Active, wire.ItemIdle: sum.Idle, wire.ItemFailed: sum.Failed, wire.ItemEnded: sum.Ended,
	} {
		out <- prometheus.MustNewConstMetric(m.items, prometheus.GaugeValue, float64(n), connector, name, state)
	}
	age := 0.0
	if !sum.OldestWaiting.IsZero() {
		age = max(now.Sub(sum.OldestWaiting).Seconds(), 0)
	}
	out <- prometheus.MustNewConstMetric(m.oldest, prometheus.GaugeValue, age, connector, name)
}
