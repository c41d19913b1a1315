package poll

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline/render"
)

// childOf makes an API a child whose path holds a field of the parent record, with a / in its value.
func childOf(api connector.API, query string) connector.API {
	api.Path, api.Child, api.Placeholders = "/users/${id}/places", true, []string{"/team/name", "id"}
	api.Parameters = params("t=${/team/name}" + query)
	return api
}

var (
	itemFields = map[string]string{"id": "1/7", "/team/name": "a&b"}
	itemURL    = "/users/1%2F7/places?t=a%26b"
)

// Every mode's requests hold the item's values, on every page and after a restart, and what is stored is what it would
// be without them.
func TestItemsInAllModes(t *testing.T) {
	snapshot := connector.API{Mode: connector.SnapshotPagination, Offset: pointer("/id")}
	relative := chainingAPI()
	relative.Ordering, relative.PrimaryKey = connector.OrderingRelative, pointer("/id")
	relative.Window = &connector.Window{Format: connector.UnixSeconds}
	link := cursorAPI()
	link.CursorParameter = ""
	timed := cursorAPI()
	timed.Window = globalAPI().Window
	for name, tt := range map[string]struct {
		api       connector.API
		query     string
		exchanges []exchange
	}{
		"SIMPLE_INCREMENTING": {connector.API{InitialOffset: "0"}, "&start=${offset}", []exchange{
			{ask: itemURL + "&start=0", reply: ids(1, 2), emit: "1 2", stored: "1 next=2"},
			{ask: itemURL + "&start=2", reply: `[]`, stored: "1 next=2", reason: EndOfStream},
		}},
		"CHAINING": {chainingAPI(), "&since=${offset}", []exchange{
			{ask: itemURL + "&since=0", reply: `[{"id":1,"at":5}]`, emit: "1", stored: "5 seen=1"},
			{ask: itemURL + "&since=5", reply: `[]`, stored: "5 seen=1", reason: EndOfStream},
		}},
		"RELATIVE": {relative, "&q=${offset},${primary_key}", []exchange{
			{ask: itemURL + "&q=0,", reply: `[{"id":1,"at":5}]`, emit: "1", stored: "5 pk=1 seen=1"},
			{ask: itemURL + "&q=5,1", reply: `[]`, stored: "5 pk=1 seen=1", reason: EndOfStream},
		}},
		"GLOBAL": {globalAPI(), "&from=${start_time}", []exchange{
			{ask: itemURL + "&from=100", reply: ids(1, 2), emit: "1 2", stored: "2 start=100 end=200"},
			{ask: itemURL + "&from=100&after=2", reply: `[]`, stored: " start=200", reason: EndOfWindow},
			{ask: itemURL + "&from=200", reply: `[]`, stored: " start=300", reason: EndOfWindow},
		}},
		"CURSOR_PAGINATION": {cursorAPI(), "", []exchange{
			{ask: itemURL, reply: items(`"A"`, 1, 2), emit: "1 2", stored: "A"},
			{ask: itemURL + "&c=A", reply: items(`null`, 3, 3), emit: "3", stored: "A seen=1", reason: EndOfStream},
		}},
		"CURSOR_PAGINATION by links": {link, "", []exchange{
			{ask: itemURL, reply: items(`"?page=2"`, 1, 2), emit: "1 2", stored: "?page=2"},
			{ask: "/users/1%2F7/places?page=2", reply: items(`null`, 3, 3), emit: "3", stored: "?page=2 seen=1", reason: EndOfStream},
		}},
		"CURSOR_PAGINATION with timestamps": {timed, "&from=${start_time}", []exchange{
			{ask: itemURL + "&from=100", reply: items(`"A"`, 1, 2), emit: "1 2", stored: "A start=100 end=200"},
			{ask: itemURL + "&from=100&c=A", reply: items(`null`, 3, 3), emit: "3", stored: " start=200", reason: EndOfWindow},
			{ask: itemURL + "&from=200", reply: items(`null`, 4, 4), emit: "4", stored: " start=300", reason: EndOfWindow},
		}},
		"SNAPSHOT_PAGINATION": {snapshot, "", []exchange{
			{ask: itemURL, reply: ids(1, 2), emit: "1 2", stored: "2"},
			{ask: itemURL, reply: ids(1, 2), stored: "2", reason: EndOfStream},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			before := maps.Clone(itemFields)
			script{api: childOf(tt.api, tt.query), fields: itemFields, exchanges: tt.exchanges}.play(t)
			if !maps.Equal(itemFields, before) {
				t.Errorf("the item's values were changed: %q", itemFields)
			}
		})
	}
}

// A value without a place concerns its item alone, and is found at once: a mode with windows need not be in one.
func TestItemThatCannotBeAskedFor(t *testing.T) {
	for name, api := range map[string]connector.API{"CHAINING": childOf(chainingAPI(), "&since=${offset}"), "GLOBAL": childOf(globalAPI(), "")} {
		m, err := New("https://api.example.com", api)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"../admin", "..", "a/../b", "a\r\nX: y", "a\x00", ""} {
			_, err := m.StartItem(nil, map[string]string{"id": id, "/team/name": "a"})
			misfit(t, name+" "+id, err, "${id}")
		}
		_, err = m.StartItem(nil, map[string]string{"id": "17"})
		misfit(t, name+" without a value", err, "${/team/name}")
		_, err = m.Start(nil)
		misfit(t, name+" without values", err, "${")
	}
}

func misfit(t *testing.T, name string, err error, placeholder string) {
	t.Helper()
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != fault.Permanent || e.Hint == "" || !strings.Contains(err.Error(), placeholder) || !strings.Contains(e.Op, "api0") {
		t.Errorf("%q: got %v", name, err)
	}
	if _, ok := errors.AsType[*render.FieldError](err); !ok {
		t.Errorf("%q: %T", name, err)
	}
}

// An item's offset that does not fit is no fault of its values.
func TestItemWithAnOffsetThatDoesNotFit(t *testing.T) {
	m, err := New("https://api.example.com", childOf(connector.API{InitialOffset: "0"}, "&start=${offset}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.StartItem(&offsets.Offset{Offset: "x"}, itemFields); kindOf(t, err) != fault.Fatal {
		t.Errorf("got %v", err)
	}
}

// Two items of one machine do not mix.
func TestItemsShareAMachine(t *testing.T) {
	m, err := New("https://api.example.com", childOf(connector.API{InitialOffset: "0"}, "&start=${offset}"))
	if err != nil {
		t.Fatal(err)
	}
	one := beginItem(t, m, nil, itemFields)
	two := beginItem(t, m, nil, map[string]string{"id": "2", "/team/name": "b"})
	step, err := m.Advance(one, Response{Records: record.Memory{[]byte("1")}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[*State]string{&step.Next: itemURL + "&start=1", &two: "/users/2/places?t=b&start=0"} {
		if turn, err := m.Next(*s, time.Time{}); err != nil || turn.Request.URL != "https://api.example.com"+want {
			t.Errorf("got %s, %v; want %s", turn.Request.URL, err, want)
		}
	}
}
