package parents

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"
)

type page struct {
	Data []struct{ ID int }
}

func ask(t *testing.T, p *Parents, target string) page {
	t.Helper()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	var got page
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("GET %s: %v in %s", target, err, w.Body)
	}
	return got
}

// Every parent once, and under each its own records, with no id twice.
func TestParents(t *testing.T) {
	const total, each = 25, 3
	p, ids := New([]byte(`{"id":000000000,"a":"b"}`)), map[int]bool{}
	if early := ask(t, p, "/parents?run=r&total=25&start=0&limit=10"); len(early.Data) != 0 {
		t.Errorf("%d parents before the run is open", len(early.Data))
	}
	p.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/open?run=r", nil))
	parents := 0
	for {
		list := ask(t, p, fmt.Sprintf("/parents?run=r&total=%d&start=%d&limit=10", total, parents))
		if len(list.Data) == 0 {
			break
		}
		for _, parent := range list.Data {
			for _, r := range ask(t, p, fmt.Sprintf("/parents/%d/items?limit=%d", parent.ID, each)).Data {
				ids[r.ID] = true
			}
		}
		parents += len(list.Data)
	}
	if parents != total || len(ids) != total*each || !ids[FirstID] || !ids[FirstID+total*each-1] {
		t.Errorf("%d parents, %d ids", parents, len(ids))
	}
}

func TestSeen(t *testing.T) {
	p := New(nil)
	for _, want := range []int{404, 204} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", "/seen?run=r", nil))
		if w.Code != want {
			t.Errorf("status %d, want %d", w.Code, want)
		}
		ask(t, p, "/parents?run=r&total=1&start=0&limit=1")
	}
}
