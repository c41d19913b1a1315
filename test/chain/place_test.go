package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headwater/headwater/test/chain/tree"
	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/fleet"
)

// The values of "id" in the parent records of TestPlaceholder, as JSON: those that have their place in a path, and those
// that have none. An empty one is a field that is missing.
var (
	fit   = []string{`"r1"`, `7`, `true`, `"a b"`, `"a?b=c"`, `"a#b"`, `"a/b"`, `"50%"`, `"%2e%2f"`, `"ü☃"`, `"..."`, `"x&y;z"`, `"${offset}"`}
	unfit = []string{``, `null`, `{"id":1}`, `["x"]`, `"../x"`, `"x/../y"`, `".."`, `"."`, `"..\\x"`, `"%2e%2e"`, `"x\r\nHost: evil"`, `"x\u0000"`}
)

// TestPlaceholder: a parent record whose ${id} has no value, or one that must not get into a path, comes to an error record
// that says so. The parent records are all there, and nobody is asked at any other path than those of the good ones.
func TestPlaceholder(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s := newScene(t, tree.New(tree.Config{Shape: roots(1)}))
	api := newOdd(append(slices.Clone(fit), unfit...))
	s.base = s.serve(api)
	s.up(ctx, "w1")
	two := s.connector(nil)
	maps.DeleteFunc(two, func(k, _ string) bool { return strings.HasPrefix(k, "api3.") })
	maps.Copy(two, map[string]string{"apis.num": "2", "api.chaining.parent.child.relationship": "api1::api2", "api2.http.request.parameters": "sure=yes&cursor=${offset}"})
	for _, topic := range s.records()[:2] {
		kafka.CreateTopic(t, s.bootstrap, topic, 1, nil)
	}
	s.fail(s.fleet.Worker("w1").Put(ctx, s.name, two))
	var parents, children, errors []string
	s.fail(fleet.Await(ctx, settled, "all records and error records", func(context.Context) error {
		if s.topicsThere(ctx) != nil {
			return fmt.Errorf("the error topic is not there")
		}
		parents, children, errors = s.values(s.topic(1)), s.values(s.topic(2)), s.values(s.errors())
		if len(parents) < len(api.parents) || len(children) < len(fit) || len(errors) < len(unfit) {
			return fmt.Errorf("there are %d, %d and %d", len(parents), len(children), len(errors))
		}
		return nil
	}))
	s.fail(s.fleet.Leave("w1", leaving))
	parents, children, errors = s.values(s.topic(1)), s.values(s.topic(2)), s.values(s.errors())
	if !slices.Equal(parents, api.parents) {
		t.Errorf("parent records are %q, served were %q", parents, api.parents)
	}
	var paths, bodies []string
	for _, id := range fit {
		paths = append(paths, odd(id))
		bodies = append(bodies, fmt.Sprintf(`{"of":%q}`, odd(id)))
	}
	same(t, "paths", api.asked(), append(paths, "/roots"))
	same(t, "child records", children, bodies)
	if len(errors) != len(unfit) {
		t.Errorf("%d error records instead of %d: %q", len(errors), len(unfit), errors)
	}
	for _, e := range errors {
		if !strings.Contains(e, "${id}") || !strings.Contains(e, "api2") {
			t.Errorf("an error record does not say what is wrong: %s", e)
		}
	}
	fmt.Printf("placeholder: Kafka %s, %d parent records emitted, %d values that fit asked at their own paths, %d that do not reported, no other path asked: %s\n",
		kafka.Version, len(parents), len(fit), len(errors), map[bool]string{false: "PASS", true: "FAIL"}[t.Failed()])
}

// odd is the path where the list of a value is, given the value as JSON.
func odd(id string) string {
	var v any
	if err := json.Unmarshal([]byte(id), &v); err != nil {
		panic(err)
	}
	return "/roots/" + url.PathEscape(fmt.Sprint(v)) + "/branches"
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s are\n  %s\nand should be\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (s *scene) values(topic string) (all []string) {
	for _, r := range kafka.Read(s.t, s.bootstrap, topic, true) {
		all = append(all, string(r.Value))
	}
	return all
}

// oddAPI lists parents with odd ids, and answers whatever else is asked for with a record that says where that was.
type oddAPI struct {
	parents []string

	mu    sync.Mutex
	paths map[string]bool
}

func newOdd(ids []string) *oddAPI {
	a := &oddAPI{paths: map[string]bool{}}
	for i, id := range ids {
		field := `,"id":` + id
		if id == "" {
			field = ""
		}
		a.parents = append(a.parents, fmt.Sprintf(`{"changed":%d%s}`, i+1, field))
	}
	return a
}

// ServeHTTP implements http.Handler.
func (a *oddAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if r.URL.Query().Get("sure") != "yes" && path != "/roots" {
		path += " without its query: " + r.URL.RawQuery
	}
	a.mu.Lock()
	a.paths[path] = true
	a.mu.Unlock()
	if path != "/roots" {
		_, _ = fmt.Fprintf(w, `{"items":[{"of":%q}],"next":null}`, path)
		return
	}
	after, err := strconv.Atoi(r.URL.Query().Get("after"))
	if err != nil || after < 0 || after > len(a.parents) {
		http.Error(w, "{}", http.StatusBadRequest)
		return
	}
	_, _ = fmt.Fprintf(w, `{"items":[%s],"next":null}`, strings.Join(a.parents[after:], ","))
}

// asked are the paths that were asked for.
func (a *oddAPI) asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Keys(a.paths))
}
