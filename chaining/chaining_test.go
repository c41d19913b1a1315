package chaining

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

var now = time.UnixMicro(1_700_000_000_000_001)

// config is a parent with children whose path templates are given.
func config(t *testing.T, change map[string]string, children ...string) connector.Config {
	t.Helper()
	properties := map[string]string{
		"name": "c", "connector.class": "HttpSourceV2", "output.data.format": "JSON", "http.api.base.url": "http://api.test",
		"api1.http.api.path": "/users", "api1.topics": "users", "api1.http.request.parameters": "start=${offset}",
		"api1.http.offset.mode": "SIMPLE_INCREMENTING", "api1.http.initial.offset": "0", "apis.num": fmt.Sprint(len(children) + 1),
	}
	var chains []string
	for i, path := range children {
		api := fmt.Sprintf("api%d", i+2)
		chains = append(chains, "api1::"+api)
		properties[api+".http.api.path"], properties[api+".topics"] = path, "places"
		properties[api+".http.request.parameters"], properties[api+".http.initial.offset"] = "start=${offset}", "0"
		properties[api+".http.offset.mode"] = "SIMPLE_INCREMENTING"
	}
	properties["api.chaining.parent.child.relationship"] = strings.Join(chains, ",")
	for k, v := range change {
		properties[k] = v
	}
	c, _, err := connector.Parse(properties)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func anything(int, map[string]string) error { return nil }

func planner(t *testing.T, c connector.Config, fits Fits) *Planner {
	t.Helper()
	p, err := NewPlanner(c, 1, fits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shown is an announcement in a line.
func shown(items []*headwaterv1.Announcement) string {
	var out []string
	for _, a := range items {
		text := fmt.Sprintf("api%d", a.GetChild())
		for _, v := range append(a.GetValues(), a.GetFields()...) {
			text += " " + v.GetName() + "=" + v.GetValue()
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func TestPlan(t *testing.T) {
	for name, c := range map[string]struct {
		children []string
		change   map[string]string
		record   string
		want     string
		fails    string
	}{
		"a field":                    {[]string{"/users/${id}/places"}, nil, `{"id":17}`, "api2 id=17", ""},
		"text":                       {[]string{"/users/${id}/places"}, nil, `{"id":"a/b?c"}`, "api2 id=a/b?c", ""},
		"a number's literal":         {[]string{"/users/${id}/places"}, nil, `{"id":1.50e3}`, "api2 id=1.50e3", ""},
		"a dotted path":              {[]string{"/u/${a.b}/p"}, nil, `{"a":{"b":"x"}}`, "api2 a.b=x", ""},
		"a field with a dot":         {[]string{"/u/${a.b}/p"}, nil, `{"a.b":"y","a":{"b":"x"}}`, "api2 a.b=y", ""},
		"a JSON pointer":             {[]string{"/u/${/a/0}/p"}, nil, `{"a":["z"]}`, "api2 /a/0=z", ""},
		"several, by name":           {[]string{"/u/${z}/${a}"}, nil, `{"a":1,"z":2}`, "api2 a=1 z=2", ""},
		"several children":           {[]string{"/u/${id}/p", "/u/${id}/q"}, nil, `{"id":1}`, "api2 id=1, api3 id=1", ""},
		"renamed":                    {[]string{"/u/{user}/p"}, map[string]string{"api2.http.path.parameters": "user:${id}"}, `{"id":1}`, "api2 id=1", ""},
		"missing":                    {[]string{"/u/${id}/p"}, nil, `{"ID":1}`, "", "find ${id} of child api2 in the parent record: the value is missing"},
		"null":                       {[]string{"/u/${id}/p"}, nil, `{"id":null}`, "", "is null"},
		"an object":                  {[]string{"/u/${id}/p"}, nil, `{"id":{"a":1}}`, "", "${id}"},
		"a record that is no object": {[]string{"/u/${id}/p"}, nil, `7`, "", "is missing"},
		"one child of two":           {[]string{"/u/${id}/p", "/u/${key}/q"}, nil, `{"key":1}`, "api3 key=1", "${id} of child api2"},
		"parent fields": {
			[]string{"/u/${id}/p"},
			map[string]string{"api2.chaining.parent.fields": "user:id,city:address.city,gone:nothing"},
			`{"id":1,"address":{"city":"Ulm"}}`, `api2 id=1 user=1 city="Ulm"`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			items, err := planner(t, config(t, c.change, c.children...), anything).Plan([]byte(c.record), now)
			if got := shown(items); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("error %v, want %q", err, c.fails)
			}
			for _, a := range items {
				if a.GetEmission() != now.UnixMicro() || a.GetParent() != 1 || a.GetDepth() != 1 {
					t.Errorf("%v", a)
				}
			}
		})
	}
}

// TestValuesThatHaveNoPlace are refused when the item is planned, so that no request is ever made of them.
func TestValuesThatHaveNoPlace(t *testing.T) {
	refuses := func(child int, values map[string]string) error {
		if child == 2 && strings.Contains(values["id"], "..") {
			return &fault.Error{Kind: fault.Permanent, Op: "start an item", Err: errors.New("${id} would leave the path")}
		}
		return nil
	}
	items, err := planner(t, config(t, nil, "/u/${id}/p", "/v/${id}/p"), refuses).Plan([]byte(`{"id":"../x"}`), now)
	if shown(items) != "api3 id=../x" || err == nil || !strings.Contains(err.Error(), "${id} would leave") {
		t.Errorf("%s, %v", shown(items), err)
	}
}

func TestNobodysParent(t *testing.T) {
	if p, err := NewPlanner(config(t, nil, "/u/${id}/p"), 2, anything); p != nil || err != nil {
		t.Errorf("%v, %v", p, err)
	}
}

// TestItems: the same child and values are one item, whatever their order; everything else is another.
func TestItems(t *testing.T) {
	pair := func(name, value string) connector.Pair { return connector.Pair{Name: name, Value: value} }
	same := Item{2, []connector.Pair{pair("a", "1"), pair("b", "2")}}
	if id := (Item{2, []connector.Pair{pair("b", "2"), pair("a", "1")}}).ID(); id != same.ID() {
		t.Error("the order of values counts")
	}
	for _, other := range []Item{
		{3, same.Values},
		{2, []connector.Pair{pair("a", "1"), pair("b", "3")}},
		{2, []connector.Pair{pair("a", "1b2")}},
		{2, []connector.Pair{pair("a", "1")}},
		{2, []connector.Pair{pair("ab", "12")}},
		{2, nil},
	} {
		if other.ID() == same.ID() {
			t.Errorf("%v is the same item as %v", other, same)
		}
	}
}

// TestTheNamesNeverChange: what stands in topics is found again by the next version.
func TestTheNamesNeverChange(t *testing.T) {
	item := Item{2, []connector.Pair{{Name: "id", Value: "17"}}}
	got := fmt.Sprintf("%s %d %s %s %s", item.ID(), item.ID().Lane(), Key{Announced, 2, item.ID()}.Bytes(), Topic("my conn/ector.1"), Group("c"))
	const want = "97f010ba218c1766d119e597d817fe8f 6 a/2/97f010ba218c1766d119e597d817fe8f HTTPv2-work-queue-my_conn_ector.1 HTTPv2-work-queue-consumers-c"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestLanesAreEven: 15,000 items leave no lane without its share.
func TestLanesAreEven(t *testing.T) {
	var counts [Lanes]int
	for i := range 15_000 {
		counts[Item{2, []connector.Pair{{Name: "id", Value: fmt.Sprint(i)}}}.ID().Lane()]++
	}
	for lane, n := range counts {
		if n < 850 || n > 1150 {
			t.Errorf("lane %d has %d items", lane, n)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	for _, key := range []string{
		"", "a", "a/2", "b/2/00000000000000000000000000000000", "a/0/00000000000000000000000000000000", "a/02/00000000000000000000000000000000",
		"a/2/0000000000000000000000000000000", "a/2/0000000000000000000000000000000G", "a/2/0000000000000000000000000000000A", "a/-1/00000000000000000000000000000000",
	} {
		if k, err := ParseKey([]byte(key)); err == nil {
			t.Errorf("%q is %+v", key, k)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte("a/2/00112233445566778899aabbccddeeff"))
	f.Add([]byte("p/15/ffffffffffffffffffffffffffffffff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := ParseKey(b); err == nil && string(k.Bytes()) != string(b) {
			t.Errorf("%q was read as %q", b, k.Bytes())
		}
	})
}

// FuzzPlan: no record of any kind stops a parent, and what is announced has every placeholder.
func FuzzPlan(f *testing.F) {
	f.Add([]byte(`{"id":17,"a":{"b":"x"}}`))
	f.Add([]byte(`[1]`))
	f.Add([]byte(`{"id":"\ud800"}`))
	properties := map[string]string{
		"name": "c", "connector.class": "HttpSourceV2", "output.data.format": "JSON", "http.api.base.url": "http://api.test", "apis.num": "2",
		"api1.http.api.path": "/u", "api1.topics": "u", "api1.http.initial.offset": "0", "api1.http.request.parameters": "s=${offset}",
		"api2.http.api.path": "/u/${id}/${a.b}", "api2.topics": "p", "api2.http.initial.offset": "0", "api2.http.request.parameters": "s=${offset}",
		"api.chaining.parent.child.relationship": "api1::api2", "api2.chaining.parent.fields": "x:/a",
	}
	c, _, err := connector.Parse(properties)
	if err != nil {
		f.Fatal(err)
	}
	p, err := NewPlanner(c, 1, anything)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		items, err := p.Plan(record, now)
		if len(items) == 0 && err == nil || len(items) == 1 && len(items[0].GetValues()) != 2 {
			t.Errorf("%v, %v", items, err)
		}
		for _, a := range items {
			m := AnnouncementMessage("q", a)
			back := &headwaterv1.Announcement{}
			if err := proto.Unmarshal(m.Value, back); err != nil || ItemOf(back).ID() != ItemOf(a).ID() {
				t.Errorf("%v came back as %v: %v", a, back, err)
			}
		}
	})
}

func TestAfter(t *testing.T) {
	before := &headwaterv1.Progress{Revision: 7, Attempt: 2, Serves: 1, State: headwaterv1.Progress_SET_ASIDE}
	later := now.Add(time.Minute)
	for name, c := range map[string]struct {
		before *headwaterv1.Progress
		o      Outcome
		want   *headwaterv1.Progress
	}{
		"more pages":      {before, Outcome{}, &headwaterv1.Progress{State: headwaterv1.Progress_OPEN, Revision: 8}},
		"the first page":  {nil, Outcome{}, &headwaterv1.Progress{State: headwaterv1.Progress_OPEN, Revision: 1}},
		"the last page":   {before, Outcome{Done: true}, &headwaterv1.Progress{State: headwaterv1.Progress_DONE, Revision: 8}},
		"to be repeated":  {before, Outcome{Done: true, Again: later}, &headwaterv1.Progress{State: headwaterv1.Progress_DONE, Revision: 8, NotBeforeUnixMs: later.UnixMilli()}},
		"failed":          {before, Outcome{Trace: "x", Retry: later}, &headwaterv1.Progress{State: headwaterv1.Progress_SET_ASIDE, Revision: 8, Attempt: 3, Trace: "x", NotBeforeUnixMs: later.UnixMilli()}},
		"failed at first": {nil, Outcome{Trace: "x", Retry: later}, &headwaterv1.Progress{State: headwaterv1.Progress_SET_ASIDE, Revision: 1, Attempt: 1, Trace: "x", NotBeforeUnixMs: later.UnixMilli()}},
		"gone":            {before, Outcome{Gone: true, Trace: "404"}, &headwaterv1.Progress{State: headwaterv1.Progress_ENDED, Revision: 8, Trace: "404"}},
	} {
		c.o.Offset = []byte(`{"offset":"3"}`)
		c.want.Offset, c.want.Serves, c.want.UnixMs = c.o.Offset, 9, now.UnixMilli()
		if got := After(c.before, 9, c.o, now); !proto.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// TestAsideGrowsToItsCeiling whatever the number of failures.
func TestAsideGrowsToItsCeiling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int().Draw(t, "failures")
		if d := Aside(n); d < time.Minute || d > time.Hour || n < 1<<30 && Aside(n+1) < d {
			t.Errorf("%s after %d", d, n)
		}
	})
}
