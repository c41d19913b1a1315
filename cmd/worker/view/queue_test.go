package view

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/wire"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// While a lane changes hands, whoever has claimed it knows best.
func TestWhole(t *testing.T) {
	row := func(lane int, worker, state, waiting string) wire.QueueLane {
		return wire.QueueLane{Lane: lane, Worker: worker, State: state, Waiting: waiting}
	}
	got := whole([]wire.QueueLane{
		row(0, "a", "UNASSIGNED", "offset"), row(0, "b", "RUNNING", "interval"),
		row(1, "a", "RUNNING", "claim"), row(1, "b", "RUNNING", ""),
		row(2, "a", "FAILED", ""), row(2, "b", "UNASSIGNED", "offset"),
		row(3, "a", "UNASSIGNED", "offset"), row(99, "a", "RUNNING", ""),
	})
	if len(got) != chaining.Lanes {
		t.Fatalf("%d lanes", len(got))
	}
	for lane, want := range []string{"b", "b", "a", "a", ""} {
		if got[lane].Worker != want || got[lane].Lane != lane {
			t.Errorf("lane %d: %+v, want %q", lane, got[lane], want)
		}
	}
}

func TestAlike(t *testing.T) {
	got := alike([]wire.QueueLane{
		{Worker: "a", State: "RUNNING", Waiting: "interval", Until: noon.Add(2)},
		{Worker: "b", State: "FAILED", Waiting: "", Trace: "boom"},
		{Worker: "b", State: "RUNNING", Waiting: "interval", Until: noon.Add(1)},
		{Worker: "a", State: "RUNNING", Waiting: "interval"},
		{State: "UNASSIGNED"},
	})
	want := fmt.Sprint([]wire.ExplainLanes{
		{Waiting: "interval", Lanes: 3, Workers: []string{"a", "b"}, Until: noon.Add(1)},
		{Waiting: "failed", Lanes: 1, Workers: []string{"b"}, Trace: "boom"},
		{Waiting: "no worker", Lanes: 1, Workers: []string{}},
	})
	if fmt.Sprint(got) != want {
		t.Errorf("%v\nwant %v", got, want)
	}
}

func TestDistinctAndCut(t *testing.T) {
	list := distinct([]wire.QueueItem{{ID: "c"}, {ID: "a", Worker: "old", Crawled: noon}, {ID: "b"}, {ID: "a", Worker: "new", Crawled: noon.Add(1)}})
	page := cut(wire.QueueItems{Items: list}, 2)
	if len(list) != 3 || list[0].Worker != "new" || len(page.Items) != 2 || page.Next != "b" {
		t.Errorf("%v %v", list, page)
	}
	if page := cut(wire.QueueItems{Items: list, Next: "x"}, 4); page.Next != "" || len(page.Items) != 3 {
		t.Errorf("%v", page)
	}
}

// child is a child API whose requests need ${id} and ${url}.
func child(t *testing.T) map[string]stand {
	t.Helper()
	a := connector.API{
		N: 2, Child: true, Path: "/users/${id}/orders", Placeholders: []string{"id", "url"}, Mode: connector.SimpleIncrementing, InitialOffset: "0",
		Parameters: []connector.Pair{{Name: "u", Value: "${url}"}, {Name: "start", Value: "${offset}"}}, Method: http.MethodGet,
	}
	m, err := poll.New("https://a", a)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]stand{m.URL(): {1, a, m}}
}

func TestAlterItem(t *testing.T) {
	stands := child(t)
	const url = "https://a/users/${id}/orders"
	for _, c := range []struct {
		partition, offset map[string]string
		want              string // of the error
	}{
		{map[string]string{"id": "17", "${url}": "x"}, map[string]string{"offset": "5"}, ""},
		{map[string]string{"id": "17", "${url}": "x"}, nil, ""},
		{map[string]string{}, nil, `needs the value of "id" and of "${url}"`},
		{map[string]string{"id": "17"}, map[string]string{"offset": "5"}, `needs the value of "${url}"`},
		{map[string]string{"id": "17", "${url}": "x", "team": "a"}, map[string]string{"offset": "5"}, `no placeholder ["team"]; it has ["id" "url"]`},
		{map[string]string{"id": "../1", "${url}": "x"}, map[string]string{"offset": "5"}, "${id}"},
		{map[string]string{"id": "../1", "${url}": "x"}, nil, "${id}"},
		{map[string]string{"id": "17", "${url}": "x"}, map[string]string{"offset": "five"}, "five"},
		{map[string]string{"id": "17", "${url}": "x"}, map[string]string{"page": "5"}, `offset has no field "page"`},
	} {
		change := api.OffsetChange{Partition: maps.Clone(c.partition), Offset: c.offset}
		change.Partition["url"] = url
		got, err := alterItem(stands[url], change)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v %v: %v, want %s", c.partition, c.offset, err, c.want)
			}
			continue
		}
		item := chaining.Item{Child: 2, Values: []connector.Pair{{Name: "url", Value: "x"}, {Name: "id", Value: "17"}}}
		if want := (chaining.Key{Kind: chaining.Progressed, Child: 2, ID: item.ID()}); err != nil || got.key != want || (got.offset == nil) != (c.offset == nil) {
			t.Errorf("%v: %+v %v", c.partition, got, err)
		}
	}
}

func TestItemOffset(t *testing.T) {
	o := itemOffset("https://a", map[string]string{"id": "1", "url": "x"}, map[string]string{"offset": "5"})
	if fmt.Sprint(o) != "{map[${url}:x id:1 url:https://a] map[offset:5]}" {
		t.Error(o)
	}
	list := sorted([]api.Offset{itemOffset("b", nil, nil), itemOffset("a", map[string]string{"id": "2"}, nil), itemOffset("a", map[string]string{"id": "1"}, nil)})
	if fmt.Sprint(list) != "[{map[id:1 url:a] map[]} {map[id:2 url:a] map[]} {map[url:b] map[]}]" {
		t.Error(list)
	}
}

func TestBusy(t *testing.T) {
	e, ok := errors.AsType[*api.Error](busy(errors.New("no claim")))
	if !ok || e.Status != http.StatusConflict || !strings.HasSuffix(e.Message, "conflicting operation (e.g. worker rebalance): no claim") {
		t.Error(e)
	}
}
