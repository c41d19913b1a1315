package tree_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/headwater/headwater/test/chain/tree"
)

// TestWalk walks a tree by hand: what the lists hold is what All promises, and the tree has the size that was asked for.
func TestWalk(t *testing.T) {
	s := tree.New(tree.Config{Seed: 3, Items: 200})
	all, lists := s.All(), 0
	if s.Items() < 200 || len(all) != s.Records() || len(s.Lists()) != s.Items() {
		t.Fatalf("%d items, %d lists, %d records of %d", s.Items(), len(s.Lists()), len(all), s.Records())
	}
	changed := 0
	for roots := get(t, s, "/roots?after=0"); len(roots.Items) > 0; roots = get(t, s, fmt.Sprintf("/roots?after=%d", changed)) {
		for _, r := range roots.Items {
			changed, lists = r.int("changed"), lists+1
			take(t, all, tree.Key(tree.Root, r.text("id"), int64(changed)))
			for next := any(""); next != nil; {
				branches := get(t, s, "/roots/"+r.text("id")+"/branches?cursor="+next.(string))
				next = branches.Next
				for _, b := range branches.Items {
					lists++
					take(t, all, tree.Key(tree.Branch, b.text("id"), 0))
					leaves(t, s, all, b.text("id"))
				}
			}
		}
	}
	if len(all) > 0 || lists != s.Items() {
		t.Errorf("%d records were not served, %d lists of %d walked", len(all), lists, s.Items())
	}
}

func leaves(t *testing.T, s *tree.Server, all map[string][]byte, branch string) {
	for at := 0; ; {
		page := get(t, s, fmt.Sprintf("/branches/%s/leaves?start=%d", branch, at))
		if len(page.Items) == 0 {
			return
		}
		at += len(page.Items)
		for _, l := range page.Items {
			take(t, all, tree.Key(tree.Leaf, l.text("id"), 0))
		}
	}
}

// TestTouch lists a root again, with its new branches behind the old ones.
func TestTouch(t *testing.T) {
	s := tree.New(tree.Config{Shape: [][]int{{1, 1}, {0}}})
	s.Touch(0, 2)
	again := get(t, s, "/roots?after=2")
	if len(again.Items) != 1 || again.Items[0].text("id") != "r0" || s.Records() != 3+4+4 || s.Items() != 6 {
		t.Errorf("%v; %d records, %d items", again, s.Records(), s.Items())
	}
	if b := get(t, s, "/roots/r0/branches?cursor=r0:2"); len(b.Items) != 1 || b.Items[0].text("id") != "b0.2" {
		t.Error(b)
	}
}

// TestStrict: what nobody may ask for is answered as an error and stands in the log.
func TestStrict(t *testing.T) {
	s := tree.New(tree.Config{Shape: [][]int{{1}}})
	for _, path := range []string{"/", "/roots/r0", "/roots/r0/branches?cursor=r1:4", "/roots/..%2Fr0/branches?cursor=", "/branches/b0.1/leaves?start=0"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if s.Asked() != 5 {
		t.Errorf("%d requests in the log", s.Asked())
	}
}

type record map[string]any

func (r record) text(name string) string { return r[name].(string) }
func (r record) int(name string) int     { return int(r[name].(float64)) }

type page struct {
	Items []record
	Next  any
}

func get(t *testing.T, s *tree.Server, path string) (p page) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s %v", path, w.Code, w.Body, err)
	}
	return p
}

func take(t *testing.T, all map[string][]byte, key string) {
	t.Helper()
	if all[key] == nil {
		t.Errorf("%s is served once too often", key)
	}
	delete(all, key)
}
