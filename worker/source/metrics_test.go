package source

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// samples are the counters of reg by name and label values; of histograms, how often they were observed.
func samples(t *testing.T, reg prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			out[name] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return out
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	n := 0
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = fmt.Fprint(w, `{"data":[1]}`)
	})
	m := NewMetrics(reg)
	c := client(t, s.URL, func(s *setting) { s.Metrics, s.api.MaxRetries = m, 1 })
	if _, err := c.Fetch(t.Context(), get(t, s.URL)); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"headwater_http_requests_total api1 c 2xx": 1, "headwater_http_requests_total api1 c 5xx": 1,
		"headwater_http_retries_total api1 c": 1, "headwater_http_body_bytes_total api1 c": 12,
		"headwater_http_received_bytes_total api1 c": 12, "headwater_http_request_seconds api1 c": 2,
	}
	if got := samples(t, reg); !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
	other := client(t, s.URL, func(s *setting) { s.Metrics = m })
	c.Close()
	if got := samples(t, reg); !maps.Equal(got, want) {
		t.Errorf("a client that is closed takes another's series along: %v", got)
	}
	other.Close()
	if got := samples(t, reg); len(got) != 0 {
		t.Errorf("a closed connector leaves %v", got)
	}
}
