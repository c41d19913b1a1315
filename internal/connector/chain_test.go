package connector_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
)

const chains = "api.chaining.parent.child.relationship"

// child makes the base the parent of api2, which is without fault.
const child = "apis.num=2\n" + chains + "=api1::api2\napi2.topics=places\napi2.http.initial.offset=0\n" +
	"api2.http.api.path=/users/${id}/places\napi2.http.request.parameters=start=${offset}\n"

// more adds APIs beside the two, each a good child of another.
func more(apis int) string {
	s := fmt.Sprintf("apis.num=%d\n", apis)
	for n := 1; n <= apis; n++ {
		s += strings.ReplaceAll("apiN.topics=t\napiN.http.initial.offset=0\napiN.http.api.path=/${id}/x\napiN.http.request.parameters=s=${offset}\n", "N", fmt.Sprint(n))
	}
	return s
}

// What is changed in a good parent and child, the property that the one fault or warning must name, and a word of it.
type chainCase struct{ changes, property, word string }

var chainFaults = []chainCase{
	{chains + "=api1:api2", chains, "write :: between the two, as api1::api2"},
	{chains + "=api1", chains, "api1::api2,api1::api3"},
	{chains + "=api1->api2", chains, `"api1->api2"`},
	{chains + "=api1::api2;api1::api3", chains, "with commas between"},
	{chains + "=api1::", chains, "names something that is no API"},
	{chains + "=::", chains, `"::"`},
	{chains + "=api1:::api2", chains, "no pair"},
	{chains + "=api1::api2::api3", chains, "one for each level"},
	{chains + "=users::places", chains, `no API: "users::places"`},
	{chains + "=api1::api02", chains, `no API: "api1::api02"`},
	{chains + "=api1::API2", chains, "no API"},
	{chains + "=api0::api2", chains, "no API"},
	{chains + "=api1::api-2", chains, "no API"},
	{chains + "=api1::api2,api2::api3", chains, `apis.num is 2: "api2::api3"`},
	{chains + "=api1::api99999999999999999999", chains, "no API"},
	{chains + "=api2::api2", chains, `its own parent: "api2::api2"`},
	{chains + "=api1::api2, api1 :: api2", chains, `twice: "api1 :: api2"`},
	{chains + "=api1::api2,api2::api1", chains, "api1::api2::api1"},
	{more(4) + chains + "=api4::api1,api1::api2,api2::api3,api3::api1", chains, "api1::api2::api3::api1"},

	{"api2.http.api.path=/places", "api2.http.api.path", "take api2 out of " + chains},
	{"api2.http.api.path=/${start_time}", "api2.http.api.path", "${offset}"},
	{"api1.http.api.path=/${id}", "api1.http.api.path", chains},
	{"api2.http.api.path=/${env:X}/${id}", "api2.http.api.path", "config.providers"},
	{"api2.http.api.path=/${/a~2}/x", "api2.http.api.path", "~1"},
	{"api2.http.api.path=/${/a?b}/${id}", "api2.http.api.path", "no ? in a path"},
	{"api2.http.api.path=https://${id}/x", "api2.http.api.path", "write the host out"},
	{"api2.http.api.path=https://{host}.example.com/x\napi2.http.path.parameters=host:${id}", "api2.http.api.path", "write the host out"},
	{"api2.http.api.path=${/a}://example.com/x", "api2.http.api.path", "write the host out"},
	{"api2.http.request.parameters=start=${offset}&${user}=1", "api2.http.request.parameters", "${id}"},
	{"api2.http.path.parameters=a:${b}|b:${id}", "api2.http.path.parameters", "${b}"},
	{"api2.http.request.parameters=x=1", "api2.http.offset.mode", "${offset}"},
	{
		"api2.http.request.parameters=x=1\napi2.http.offset.mode=CHAINING\napi2.http.offset.json.pointer=/id",
		"api2.http.offset.mode", "SNAPSHOT_PAGINATION",
	},
	{
		strings.ReplaceAll(relative, "api1", "api2") + "api2.http.request.parameters=q=${primary_key}",
		"api2.http.offset.mode", "must end",
	},

	{"api2.chaining.poll.mode=TWICE", "api2.chaining.poll.mode", "CONTINUOUS"},
	{"api2.chaining.repoll.interval.ms=99", "api2.chaining.repoll.interval.ms", "from 100 to"},
	{"api2.chaining.items.in.flight=0", "api2.chaining.items.in.flight", "from 1 to 100"},
	{"api2.chaining.items.in.flight=101", "api2.chaining.items.in.flight", "from 1 to 100"},
	{"api2.chaining.end.on.status.codes=4xx", "api2.chaining.end.on.status.codes", "404,408,500-"},
	{"api2.chaining.parent.fields=id", "api2.chaining.parent.fields", "name:source entries"},
	{"api2.chaining.parent.fields=a:", "api2.chaining.parent.fields", "entry 1"},
	{"api2.chaining.parent.fields=a:id,b:/x~", "api2.chaining.parent.fields", "entry 2"},
	{"api2.chaining.parent.fields=a:id,a:name", "api2.chaining.parent.fields", "twice: a"},
	{"api2.chaining.parent.fields.into=KEY", "api2.chaining.parent.fields.into", "HEADERS, VALUE"},
}

func TestChainFaults(t *testing.T) {
	for _, c := range chainFaults {
		_, _, err := connector.Parse(properties(child + c.changes))
		all := faults(err)
		if len(all) != 1 || all[0].Property != c.property || !strings.Contains(all[0].Error(), c.word) || all[0].Hint == "" {
			t.Errorf("%q: %v, want one fault of %s with %q", c.changes, err, c.property, c.word)
		}
	}
}

var chainWarnings = []chainCase{
	{"api1.chaining.poll.mode=CONTINUOUS", "api1.chaining.poll.mode", "name its parent in " + chains},
	{"api1.chaining.repoll.interval.ms=100", "api1.chaining.repoll.interval.ms", "api1 has no parent"},
	{"api1.chaining.items.in.flight=2", "api1.chaining.items.in.flight", "no parent"},
	{"api1.chaining.end.on.status.codes=404", "api1.chaining.end.on.status.codes", "no parent"},
	{"api1.chaining.parent.fields=a:id", "api1.chaining.parent.fields", "no parent"},
	{"api1.chaining.parent.fields.into=VALUE", "api1.chaining.parent.fields.into", "no parent"},
	{"api2.chaining.repoll.interval.ms=100", "api2.chaining.repoll.interval.ms", "api2.chaining.poll.mode=CONTINUOUS"},
	{"api2.chaining.parent.fields.into=VALUE", "api2.chaining.parent.fields.into", "set api2.chaining.parent.fields"},
	{"workqueue.topic.partition.count=3", "workqueue.topic.partition.count", "15 partitions"},
	{"api2.http.request.body={}", "api2.http.request.body", "method=POST"},
}

func TestChainWarnings(t *testing.T) {
	for _, c := range chainWarnings {
		_, warnings, err := connector.Parse(properties(child + c.changes))
		if err != nil || len(warnings) != 1 || warnings[0].Property != c.property || !strings.Contains(warnings[0].String(), c.word) {
			t.Errorf("%q: %v, %q, want one warning of %s with %q", c.changes, err, warnings, c.property, c.word)
		}
	}
	for _, silent := range []string{
		"", chains + "=", "api1.chaining.poll.mode=once", "api2.chaining.repoll.interval.ms=3600000", "api1.chaining.parent.fields=",
		chains + "= api1 :: api2 , ", "api2.chaining.poll.mode=Continuous\napi2.chaining.repoll.interval.ms=100",
	} {
		changes := child + silent
		if silent == chains+"=" {
			changes = silent
		}
		if _, warnings, err := connector.Parse(properties(changes)); err != nil || len(warnings) > 0 {
			t.Errorf("%q: %v %v", silent, warnings, err)
		}
	}
}

func TestChildSettings(t *testing.T) {
	parse := func(changes string) connector.API {
		c, _, err := connector.Parse(properties(child + changes))
		if err != nil {
			t.Fatal(err)
		}
		return c.APIs[1]
	}
	a := parse("")
	if !a.Child || a.PollMode != connector.PollOnce || a.Repoll != time.Hour || a.InFlight != 1 || a.EndOn != nil ||
		a.ParentFields != nil || a.ParentInto != connector.ParentIntoHeaders {
		t.Errorf("defaults: %+v", a)
	}
	a = parse("api2.chaining.poll.mode=continuous\napi2.chaining.repoll.interval.ms=100\napi2.chaining.items.in.flight=100\n" +
		"api2.chaining.end.on.status.codes=404, 410\napi2.chaining.parent.fields=customer_id:id, at:dc:date,c:/a/b\n" +
		"api2.chaining.parent.fields.into=value")
	want := []connector.Pair{{Name: "customer_id", Value: "id"}, {Name: "at", Value: "dc:date"}, {Name: "c", Value: "/a/b"}}
	if a.PollMode != connector.PollContinuous || a.Repoll != 100*time.Millisecond || a.InFlight != 100 || !a.EndOn.Contains(410) ||
		a.EndOn.Contains(401) || a.RetryOn.String() != "400-403,405-409,411-999" || !slices.Equal(a.ParentFields, want) || a.ParentInto != connector.ParentIntoValue {
		t.Errorf("got %+v", a)
	}
	if a.PollMode.String() != "CONTINUOUS" || a.ParentInto.String() != "VALUE" {
		t.Errorf("%v %v", a.PollMode, a.ParentInto)
	}
}

// Where a child's placeholders are looked for, and which of them stand for a field of the parent.
func TestPlaceholders(t *testing.T) {
	for changes, want := range map[string]string{
		"": "id",
		"api2.http.api.path=/${id}/${/customer/id}/${customer.id}?a=${id}&b=${z}": "/customer/id customer.id id z",
		"api2.http.api.path=/{user}/x\napi2.http.path.parameters=user:${id}":      "id",
		"api2.http.api.path=/{id}/x\napi2.http.path.parameters=id:${id}":          "id",
		"api2.http.api.path=/${user}/x\napi2.http.path.parameters=user:u-${id}":   "id",
		"api2.http.api.path=/x\napi2.http.request.headers=X-A: ${a}|X-B: b":       "a",
		"api2.http.api.path=/x\napi2.http.request.sensitive.headers=X-A: ${a b}":  "a b",
		"api2.http.api.path=/x\napi2.http.request.parameters=s=${offset}&q=${a}":  "a",
		"api2.http.api.path=/x\n-api2.http.request.parameters\napi2.http.request.method=POST\n" +
			`api2.http.request.body={"a":"${/dc:title}","b":${offset}}`: "/dc:title",
		"api2.http.api.path=https://api.example.com/${id}/${/a~1b}": "/a~1b id",
	} {
		c, warnings, err := connector.Parse(properties(child + changes))
		if err != nil || len(warnings) > 0 {
			t.Errorf("%q: %v %v", changes, err, warnings)
			continue
		}
		if got := strings.Join(c.APIs[1].Placeholders, " "); got != want || c.APIs[0].Placeholders != nil {
			t.Errorf("%q: %q, want %q", changes, got, want)
		}
	}
}

// Every mode can be a child's, and RELATIVE moves on by ${start_time} too.
func TestChildrenInAllModes(t *testing.T) {
	for _, mode := range []string{
		"", chaining, cursor, windows, global, relative, snapshot, strings.ReplaceAll(relative, "${offset}", "${start_time}"),
	} {
		changes := child + strings.ReplaceAll(mode, "api1", "api2")
		if c, _, err := connector.Parse(properties(changes)); err != nil || !c.APIs[1].Child {
			t.Errorf("%q: %v", mode, err)
		}
	}
}

// The worked example of the specification.
func TestUsersAndTheirPlaces(t *testing.T) {
	c, warnings, err := connector.Parse(properties(strings.ReplaceAll(child, "api2.http.request.parameters=start=${offset}", "") + cursor +
		"api1.http.api.path=/users\napi1.http.request.parameters=cursor=${offset}\napi1.http.response.data.json.pointer=/users\n" +
		"api2.http.request.parameters=start=${offset}&limit=2\napi2.http.response.data.json.pointer=/places\n"))
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if users, places := c.APIs[0], c.APIs[1]; users.Child || !places.Child || places.Placeholders[0] != "id" || !slices.Equal(c.Children(users.N), []int{places.N}) {
		t.Errorf("got %+v", c)
	}
}

func TestFamily(t *testing.T) {
	c, _, err := connector.Parse(properties(more(5) + "api1.http.api.path=/x\n" + chains + "= api1::api3,api3::api4 ,api1::api4,api1::api2"))
	if err == nil {
		t.Fatal("api5 has a placeholder and no parent")
	}
	c, _, err = connector.Parse(properties(more(5) + "api1.http.api.path=/x\napi5.http.api.path=/x\n" + chains + "= api1::api3,api3::api4 ,api1::api4,api1::api2"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []connector.Chain{{Parent: 1, Child: 3}, {Parent: 3, Child: 4}, {Parent: 1, Child: 4}, {Parent: 1, Child: 2}}; !slices.Equal(c.Chains, want) {
		t.Errorf("got %v", c.Chains)
	}
	got := []any{c.Chained(), c.Children(1), c.Children(4), c.Parents(4), c.Parents(1), c.Depth(1), c.Depth(2), c.Depth(3), c.Depth(4), c.Depth(5)}
	if want := []any{true, []int{3, 4, 2}, []int(nil), []int{3, 1}, []int(nil), 0, 1, 1, 2, 0}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for i, isChild := range []bool{false, true, true, true, false} {
		if c.APIs[i].Child != isChild {
			t.Errorf("api%d: child %v", i+1, c.APIs[i].Child)
		}
	}
	if (connector.Config{}).Chained() {
		t.Error("nothing is chained")
	}
	circle := connector.Config{Chains: []connector.Chain{{Parent: 1, Child: 2}, {Parent: 2, Child: 1}}}
	if circle.Depth(1) > 4 {
		t.Error("depth goes on for ever")
	}
}
