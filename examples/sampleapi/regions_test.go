package sampleapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Regions, their zones and the zones' transitions are a tree with each zone in one place.
func TestRegionsAndTheirZones(t *testing.T) {
	data := load(t)
	api := New(data, Everything())
	seen := map[string]bool{}
	for _, r := range ask[Region](t, api, "/v1/regions?limit=1000").Data {
		zones := ask[Zone](t, api, "/v1/regions/"+r.ID+"/zones?limit=1000").Data
		if len(zones) != r.Zones || len(zones) == 0 {
			t.Errorf("%s: %d zones, want %d", r.ID, len(zones), r.Zones)
		}
		for _, z := range zones {
			seen[z.ID] = true
		}
	}
	if len(seen) != len(data.Zones) || len(data.Regions) < 5 {
		t.Errorf("%d zones in %d regions, want %d", len(seen), len(data.Regions), len(data.Zones))
	}
}

func ask[T any](t *testing.T, api http.Handler, target string) page[T] {
	t.Helper()
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	var p page[T]
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s, %v", target, w.Code, w.Body, err)
	}
	return p
}
