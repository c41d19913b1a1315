package sampleapi

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func load(t *testing.T) *Data {
	t.Helper()
	data, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// get asks api and decodes a page of transitions.
func get(t *testing.T, api http.Handler, target string) page[Transition] {
	t.Helper()
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
	}
	var p page[Transition]
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	return p
}

// requireOnce checks that ids 1 to n came once each, in order.
func requireOnce(t *testing.T, got []Transition, want int) {
	t.Helper()
	if len(got) != want {
		t.Fatalf("%d records, want %d", len(got), want)
	}
	for i, r := range got {
		if r.ID != i+1 {
			t.Fatalf("record %d has id %d", i, r.ID)
		}
	}
}

func TestDataIsReal(t *testing.T) {
	data := load(t)
	if n := len(data.Transitions); n < 5000 || n > 6500 {
		t.Errorf("%d transitions", n)
	}
	berlin := Transition{
		Zone: "Europe/Berlin", Time: time.Date(2024, 3, 31, 1, 0, 0, 0, time.UTC),
		OffsetBefore: 3600, OffsetAfter: 7200, Abbreviation: "CEST", DST: true,
	}
	for i, r := range data.Transitions {
		if r.ID != i+1 || (i > 0 && r.Time.Before(data.Transitions[i-1].Time)) {
			t.Fatalf("transition %d is out of order: %+v", i, r)
		}
		if r.Zone == berlin.Zone && r.Time.Equal(berlin.Time) {
			berlin.ID = r.ID
			if r != berlin {
				t.Errorf("got %+v, want %+v", r, berlin)
			}
		}
	}
	if berlin.ID == 0 {
		t.Error("Berlin's summer of 2024 is missing")
	}
}

func TestCursorPagesHoldEachRecordOnce(t *testing.T) {
	data := load(t)
	api := New(data, Everything())
	for _, limit := range []int{7, 100, 1000} {
		var all []Transition
		for cursor := ""; ; {
			p := get(t, api, fmt.Sprintf("/v1/transitions?limit=%d&cursor=%s", limit, cursor))
			all = append(all, p.Data...)
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		requireOnce(t, all, len(data.Transitions))
	}
}

func TestPositionsHoldEachRecordOnce(t *testing.T) {
	data := load(t)
	api := New(data, Everything())
	var all []Transition
	for {
		p := get(t, api, fmt.Sprintf("/v1/transitions?limit=999&start=%d", len(all)))
		if len(p.Data) == 0 {
			break
		}
		all = append(all, p.Data...)
	}
	requireOnce(t, all, len(data.Transitions))
}

func TestSinceIncludesItsBound(t *testing.T) {
	data := load(t)
	api := New(data, Everything())
	bound := data.Transitions[3000].Time
	p := get(t, api, "/v1/transitions?limit=1000&since="+url.QueryEscape(bound.Format(time.RFC3339)))
	if !p.Data[0].Time.Equal(bound) {
		t.Errorf("starts at %s, want %s", p.Data[0].Time, bound)
	}
	later := get(t, api, "/v1/transitions?limit=1000&since="+url.QueryEscape(bound.Add(time.Second).Format(time.RFC3339)))
	if !later.Data[0].Time.After(bound) {
		t.Errorf("a second later still starts at %s", later.Data[0].Time)
	}
}

// A page that starts at a time must reach beyond it, or a reader that goes by time never gets on.
func TestPagesAreLongerThanAnyInstant(t *testing.T) {
	same := map[time.Time]int{}
	for _, r := range load(t).Transitions {
		if same[r.Time]++; same[r.Time] >= defaultLimit {
			t.Fatalf("%d transitions at %s", same[r.Time], r.Time)
		}
	}
}

func TestZonesAndTheirTransitions(t *testing.T) {
	data := load(t)
	api := New(data, Everything())
	sum := 0
	for _, z := range data.Zones {
		p := get(t, api, "/v1/zones/"+z.ID+"/transitions?limit=1000")
		if len(p.Data) != z.Changes || p.Total != z.Changes || p.Next != "" {
			t.Errorf("%s: %d of %d, next %q", z.ID, len(p.Data), z.Changes, p.Next)
		}
		sum += len(p.Data)
	}
	if sum != len(data.Transitions) {
		t.Errorf("%d transitions over all zones, want %d", sum, len(data.Transitions))
	}
}

func TestZonePages(t *testing.T) {
	data := load(t)
	api := New(data, Everything())
	var ids []string
	for cursor := ""; ; {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/zones?limit=30&cursor="+cursor, nil))
		var p page[Zone]
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		for _, z := range p.Data {
			ids = append(ids, z.ID)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	if len(ids) != len(data.Zones) || ids[0] != data.Zones[0].ID {
		t.Errorf("%d zones from %s on, want %d from %s on", len(ids), ids[0], len(data.Zones), data.Zones[0].ID)
	}
}

func TestReplayPublishesByAndBy(t *testing.T) {
	data := load(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := Replay(now, time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC), 86400)
	api := New(data, clock)
	before := len(api.published(now))
	if before == 0 || before == len(data.Transitions) {
		t.Fatalf("%d published at the start", before)
	}
	for day := range 400 {
		n := len(api.published(now.Add(time.Duration(day) * time.Second)))
		if n < before {
			t.Fatalf("day %d took records back: %d after %d", day, n, before)
		}
		before = n
	}
	if before != len(data.Transitions) {
		t.Errorf("%d published at the end, want %d", before, len(data.Transitions))
	}
	fresh := New(data, Replay(now, first, 1))
	fresh.clock.Finish()
	if n := len(fresh.published(now)); n != len(data.Transitions) {
		t.Errorf("%d published after Finish", n)
	}
}

func TestGzip(t *testing.T) {
	tests := map[string]bool{"": false, "gzip": true, "deflate, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false, "br": false}
	api := New(load(t), Everything())
	for accept, zipped := range tests {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/v1/transitions?limit=2", nil)
		r.Header.Set("Accept-Encoding", accept)
		api.ServeHTTP(w, r)
		var body io.Reader = w.Body
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != zipped {
			t.Errorf("%q: zipped is %v", accept, got)
		}
		if zipped {
			body, _ = gzip.NewReader(w.Body)
		}
		var p page[Transition]
		if err := json.NewDecoder(body).Decode(&p); err != nil || len(p.Data) != 2 {
			t.Errorf("%q: %v, %d records", accept, err, len(p.Data))
		}
	}
}

func TestRefusals(t *testing.T) {
	tests := map[string]int{
		"/v1/transitions?limit=0":                   http.StatusBadRequest,
		"/v1/transitions?limit=1001":                http.StatusBadRequest,
		"/v1/transitions?limit=ten":                 http.StatusBadRequest,
		"/v1/transitions?start=-1":                  http.StatusBadRequest,
		"/v1/transitions?cursor=x":                  http.StatusBadRequest,
		"/v1/transitions?cursor=YWZ0ZXI6MQ&start=1": http.StatusBadRequest,
		"/v1/transitions?since=yesterday":           http.StatusBadRequest,
		"/v1/transitions?dst=perhaps":               http.StatusBadRequest,
		"/v1/zones?limit=x":                         http.StatusBadRequest,
		"/v1/zones/Europe~Atlantis/transitions":     http.StatusNotFound,
		"/v1/regions?limit=x":                       http.StatusBadRequest,
		"/v1/regions/Atlantis/zones":                http.StatusNotFound,
		"/v2":                                       http.StatusNotFound,
	}
	api := New(load(t), Everything())
	for target, want := range tests {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		if w.Code != want || !json.Valid(w.Body.Bytes()) {
			t.Errorf("GET %s: %d %s, want %d", target, w.Code, w.Body, want)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(encodeCursor(0))
	f.Add("YWZ0ZXI6OTk5OTk5OTk5OTk")
	f.Fuzz(func(t *testing.T, cursor string) {
		if n, err := decodeCursor(cursor); err == nil && n < 0 {
			t.Errorf("%q is position %d", cursor, n)
		}
	})
}

func TestServeStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, New(load(t), Everything())) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + listener.Addr().String() + "/v1/zones")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
