package examples_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/headwater/headwater/examples/sampleapi"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// What an example asks first is what its README section says.
func TestFirstRequests(t *testing.T) {
	now := time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string][]struct {
		path, body string
		query      url.Values
	}{
		"github-issues.json": {{path: "https://api.github.com/repos/apache/kafka/issues/1"}},
		"github-issues-token.json": {
			{path: "https://api.github.com/repos/apache/kafka/issues/1"},
			{path: "https://api.github.com/repos/apache/airflow/issues", query: url.Values{
				"state": {"all"}, "sort": {"updated"}, "direction": {"asc"}, "per_page": {"100"}, "since": {"2026-01-01T00:00:00Z"},
			}},
		},
		"github-org.json": {
			{path: "https://api.github.com/orgs/prometheus/repos", query: url.Values{
				"sort": {"created"}, "direction": {"asc"}, "per_page": {"100"},
			}},
			{path: "https://api.github.com/repos/prometheus/x%20y/releases", query: url.Values{"per_page": {"100"}}},
			{path: "https://api.github.com/repos/prometheus/x%20y/issues", query: url.Values{
				"state": {"all"}, "sort": {"updated"}, "direction": {"asc"}, "per_page": {"100"}, "since": {"2026-01-01T00:00:00Z"},
			}},
		},
		"usgs-earthquakes.json": {{path: "https://earthquake.usgs.gov/fdsnws/event/1/query", query: url.Values{
			"format": {"geojson"}, "orderby": {"time-asc"}, "minmagnitude": {"2.5"}, "updatedafter": {"2026-01-01T00:00:00Z"},
		}}},
		"elasticsearch.json": {{path: "http://127.0.0.1:9200/logs/_search", body: `{"size": 1000, ` +
			`"query": {"range": {"@timestamp": {"lt": "now-30s"}}}, "sort": [{"@timestamp": "asc"}, {"event.id": "asc"}], ` +
			`"search_after": [1767225600000, ""]}`}},
		"gcs-objects.json": {{path: "https://storage.googleapis.com/storage/v1/b/gcp-public-data-landsat/o", query: url.Values{
			"prefix": {"LC08/01/001/003/"}, "maxResults": {"500"}, "fields": {"nextPageToken,items(name,size,md5Hash,updated)"},
		}}},
		"stripe-charges.json": {{path: "https://api.stripe.com/v1/charges", query: url.Values{
			"created[gte]": {"1767225600"}, "created[lt]": {"1767312000"}, "limit": {"100"},
		}}},
		"servicenow-incidents.json": {{path: "https://example.service-now.com/api/now/table/incident", query: url.Values{
			"sysparm_limit": {"500"}, "sysparm_exclude_reference_link": {"true"},
			"sysparm_query": {"sys_updated_on>1970-01-01 00:00:00^NQsys_updated_on=1970-01-01 00:00:00^sys_id>^ORDERBYsys_updated_on^ORDERBYsys_id"},
		}}},
		"uk-bank-holidays.json": {{path: "https://www.gov.uk/bank-holidays.json"}},
		"timezones.json": {
			{path: "http://127.0.0.1:18080/v1/zones", query: url.Values{"start": {"0"}, "limit": {"25"}}},
			{path: "http://127.0.0.1:18080/v1/transitions", query: url.Values{"limit": {"100"}}},
			{path: "http://127.0.0.1:18080/v1/transitions", query: url.Values{
				"dst": {"true"}, "since": {"1990-01-01T00:00:00Z"}, "limit": {"100"},
			}},
		},
		"timezones-chained.json": {
			{path: "http://127.0.0.1:18080/v1/regions", query: url.Values{"start": {"0"}, "limit": {"5"}}},
			{path: "http://127.0.0.1:18080/v1/regions/x%20y/zones"},
			{path: "http://127.0.0.1:18080/v1/zones/x%20y/transitions", query: url.Values{"limit": {"40"}}},
		},
	}
	for _, file := range files(t) {
		for i, a := range parse(t, file).APIs {
			want := tests[file][i]
			request := first(t, parse(t, file).BaseURL, a, now)
			asked, err := url.Parse(request.URL)
			if err != nil {
				t.Fatal(err)
			}
			query, err := url.ParseQuery(asked.RawQuery)
			if err != nil || !maps.EqualFunc(query, want.query, slices.Equal) {
				t.Errorf("%s api%d: query %q, %v\nwant %q", file, a.N, query, err, want.query)
			}
			if asked.RawQuery = ""; asked.String() != want.path || string(request.Body) != want.body {
				t.Errorf("%s api%d: %s %s\nwant %s %s", file, a.N, asked, request.Body, want.path, want.body)
			}
		}
	}
}

func machine(t *testing.T, base string, a connector.API) *poll.Machine {
	t.Helper()
	m, err := poll.New(base, a)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// first is what a asks first; a child, for a parent record with name and id "x y".
func first(t *testing.T, base string, a connector.API, now time.Time) poll.Request {
	t.Helper()
	m := machine(t, base, a)
	values := map[string]string{}
	for _, name := range a.Placeholders {
		values[name] = "x y"
	}
	s, err := m.StartItem(nil, values)
	if err != nil {
		t.Fatal(err)
	}
	turn, err := m.Next(s, now)
	if err != nil || turn.Wait > 0 {
		t.Fatalf("%+v, %v", turn, err)
	}
	return turn.Request
}

// The demo's connector over the demo's API, without a broker: while the API grows and the worker starts again before
// every third request, each record is emitted once.
func TestTimezonesOnceEach(t *testing.T) {
	data, err := sampleapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	config := parse(t, "timezones.json")
	summers := 0
	for _, r := range data.Transitions {
		if r.DST {
			summers++
		}
	}
	for i, want := range []int{len(data.Zones), len(data.Transitions), summers} {
		a := config.APIs[i]
		t.Run(a.Topic, func(t *testing.T) {
			clock := sampleapi.Replay(time.Now(), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), 30e8) // 8 years in 84 ms
			ids := sweep(t, machine(t, config.BaseURL, a), sampleapi.New(data, clock), want)
			for id, n := range ids {
				if n > 1 {
					t.Errorf("%s came %d times", id, n)
				}
			}
			if len(ids) != want {
				t.Errorf("%d distinct ids, want %d", len(ids), want)
			}
		})
	}
}

// sweep polls until want records have come and then 20 times more, and counts ids.
func sweep(t *testing.T, m *poll.Machine, api http.Handler, want int) map[string]int {
	t.Helper()
	ids := map[string]int{}
	var stored *offsets.Offset
	var s poll.State
	for n, rest := 0, 20; rest > 0; n++ {
		if n == 100_000 {
			t.Fatalf("%d of %d ids after %d requests", len(ids), want, n)
		}
		var err error
		if n%3 == 0 {
			if s, err = m.Start(stored); err != nil {
				t.Fatal(err)
			}
		}
		if len(ids) >= want {
			rest--
		}
		step := ask(t, m, s, api, func(raw []byte) { ids[id(t, raw)]++ })
		if s = step.Next; step.Moved {
			stored = wire(t, s.Offset())
		}
	}
	return ids
}

// ask makes one request and emits the records that are to be emitted.
func ask(t *testing.T, m *poll.Machine, s poll.State, api http.Handler, emit func(raw []byte)) poll.Step {
	t.Helper()
	turn, err := m.Next(s, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(turn.Request.Method, turn.Request.URL, nil))
	r := poll.Response{Status: w.Code, URL: turn.Request.URL}
	var list record.Memory
	want := extract.Wanted{Data: turn.Request.Want.Data, Root: turn.Request.Want.Root}
	found, err := extract.Split(w.Body, want, func(raw []byte) error {
		list = append(list, bytes.Clone(raw))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Records, r.DataFound, r.Root = list, found.Data, found.Root
	step, err := m.Advance(turn.State, r, time.Now())
	if err != nil || len(step.Rejects) > 0 {
		t.Fatalf("%v, rejects %v", err, step.Rejects)
	}
	for i, raw := range list {
		if !step.Drop.Has(i) {
			emit(raw)
		}
	}
	return step
}

// id is a record's, as it is written.
func id(t *testing.T, raw []byte) string {
	t.Helper()
	var v struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return string(v.ID)
}

// wire sends an offset through its form in the offsets topic.
func wire(t *testing.T, o offsets.Offset) *offsets.Offset {
	t.Helper()
	back, err := offsets.Decode(offsets.Value(o))
	if err != nil {
		t.Fatal(err)
	}
	return &back
}
