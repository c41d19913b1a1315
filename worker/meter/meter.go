// Package meter counts what tasks and lanes commit.
package meter

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headwater/headwater/worker/hold"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// Metrics are the worker's collectors, one set a process. A nil *Metrics counts nothing.
type Metrics struct {
	pages, records, rejected, failures, claims *prometheus.CounterVec
	seconds                                    *prometheus.HistogramVec
	sweeps                                     *prometheus.CounterVec
}

// NewMetrics registers the collectors with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{"task"}, labels...))
		reg.MustRegister(c)
		return c
	}
	m := &Metrics{
		pages:    counter("headwater_pages_committed_total", "Pages committed."),
		records:  counter("headwater_records_committed_total", "Records committed to the API's topic."),
		rejected: counter("headwater_errors_reported_total", "Error records committed to the error topic."),
		failures: counter("headwater_commit_failures_total", "Transactions that did not commit."),
		claims:   counter("headwater_claims_repeated_total", "Claims that were made again after an error."),
		sweeps:   counter("headwater_sweeps_ended_total", "Sweeps that ended, by reason.", "reason"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "headwater_commit_seconds", Help: "Seconds from the begin of a transaction to its commit.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"task"}),
	}
	reg.MustRegister(m.seconds)
	return m
}

// Committed counts pages that were committed together.
func (m *Metrics) Committed(task string, pages []pipeline.Page, took time.Duration) {
	if m == nil {
		return
	}
	var records, rejected, full int
	ended := map[poll.Reason]int{} // a counter is found by its labels, which costs more than all else here
	for _, p := range pages {
		records, rejected = records+p.Records, rejected+p.Rejected
		if p.Reason != "" {
			ended[p.Reason]++
		}
		if !p.Empty() {
			full++
		}
	}
	for reason, n := range ended {
		m.sweeps.WithLabelValues(task, string(reason)).Add(float64(n))
	}
	m.records.WithLabelValues(task).Add(float64(records))
	m.rejected.WithLabelValues(task).Add(float64(rejected))
	if full > 0 {
		m.pages.WithLabelValues(task).Add(float64(full))
	}
	m.seconds.WithLabelValues(task).Observe(took.Seconds())
}

// CommitFailed counts a transaction that did not commit.
func (m *Metrics) CommitFailed(task string) {
	if m != nil {
		m.failures.WithLabelValues(task).Inc()
	}
}

// ClaimAgain counts a claim after an error.
func (m *Metrics) ClaimAgain(task string) {
	if m != nil {
		m.claims.WithLabelValues(task).Inc()
	}
}

// Account shows what was committed.
func Account(b *hold.Board, pages []pipeline.Page) {
	now := time.Now()
	b.Change(func(s *hold.Status) {
		for _, p := range pages {
			s.Reason = string(p.Reason)
			s.Records += int64(p.Records)
			s.Rejected += int64(p.Rejected)
			if !p.Empty() {
				s.Pages++
				s.Committed = now
			}
		}
	})
}
