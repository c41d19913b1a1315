package poll

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline/poll/seen"
	"github.com/headwater/headwater/worker/pipeline/poll/trail"
)

func chainingAPI() connector.API {
	return connector.API{
		Path: "/x", Parameters: params("since=${offset}"), Mode: connector.Chaining, InitialOffset: "0", Offset: pointer("/at"),
	}
}

func TestRecordsWithoutAnOffsetAreRejectedOnce(t *testing.T) {
	good, null, object := `{"id":"g","at":5}`, `{"id":"n","at":null}`, `{"id":"o","at":{}}`
	script{api: chainingAPI(), exchanges: []exchange{
		{ask: "/x?since=0", reply: `[` + null + `,` + good + `,` + object + `,{"id":"m"}]`, emit: "g", stored: "5 seen=4", reject: 3},
		{ask: "/x?since=5", reply: `[` + null + `,` + good + `]`, stored: "5 seen=4", reason: NothingNew},
		{ask: "/x?since=5", reply: `["bare"]`, stored: "5 seen=5", reject: 1},
		{ask: "/x?since=5", reply: `[{"id":"h","at":6}]`, emit: "h", stored: "6 seen=1"},
	}}.play(t)
}

func TestRejectNamesPointerAndRecord(t *testing.T) {
	m, _ := New("https://x", chainingAPI())
	s := begin(t, m, nil)
	step, err := m.Advance(s, Response{Records: record.Memory{[]byte(`{"at":1}`), []byte(`{"a":1}`)}}, time.Time{})
	if err != nil || len(step.Rejects) != 1 || step.Rejects[0].Index != 1 || !step.Drop.Has(1) || step.Drop.Has(0) {
		t.Fatalf("%+v, %v", step, err)
	}
	e := step.Rejects[0].Err
	if msg := e.Error(); e.Kind != fault.Permanent || !strings.Contains(msg, "record 1") || !strings.Contains(msg, "/at") || e.Hint == "" {
		t.Errorf("got %v", msg)
	}
}

func TestScalarRecordsAreTheirOwnOffset(t *testing.T) {
	api := chainingAPI()
	api.Offset = pointer("")
	script{api: api, exchanges: []exchange{
		{ask: "/x?since=0", reply: `[12345678901234567890,12345678901234567891]`, emit: "12345678901234567890 12345678901234567891", stored: "12345678901234567891 seen=1"},
		{ask: "/x?since=12345678901234567891", reply: `[12345678901234567891,1.50]`, emit: "1.50", stored: "1.50 seen=2"},
		{ask: "/x?since=1.50", reply: `true`, emit: "true", stored: "true seen=1"},
	}}.play(t)
}

// More records share the bound than are remembered one by one: the page must begin as it did.
func TestBoundBeyondTheLimit(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"id":%d,"at":9}`, i)
		}
		return "[" + b.String()[1:] + "]"
	}
	last := seen.Limit + 5
	api := chainingAPI()
	m, err := New("https://x", api)
	if err != nil {
		t.Fatal(err)
	}
	s := begin(t, m, &offsets.Offset{Offset: "8"})
	poll := func(body string) (Step, int) {
		turn, err := m.Next(begin(t, m, wire(t, s.Offset())), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		r := answer(t, turn.Request, body)
		step, err := m.Advance(turn.State, r, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		s = step.Next
		return step, len(emitted(t, step, r))
	}
	for _, x := range []struct {
		body   string
		emit   int
		reason Reason
	}{
		{many(last), last, ""},
		{many(last), 0, NothingNew},
		{many(last + 2), 2, ""},
		{many(last)[:len(many(last))-1] + `,{"id":"x","at":9}]`, last + 1, PageChanged},
	} {
		step, n := poll(x.body)
		if n != x.emit || step.Reason != x.reason || len(s.Offset().Seen) > 40 {
			t.Errorf("emitted %d, reason %q, seen %d; want %d, %q", n, step.Reason, len(s.Offset().Seen), x.emit, x.reason)
		}
	}
}

func TestSnapshot(t *testing.T) {
	api := connector.API{Path: "/x", Mode: connector.SnapshotPagination, Offset: pointer("/id")}
	for _, tt := range []struct {
		name      string
		exchanges []exchange
	}{
		{"descending", []exchange{
			{ask: "/x", reply: `[{"id":3},{"id":2},{"id":1}]`, emit: "1 2 3", stored: "3"},
			{ask: "/x", reply: `[{"id":11},{"id":10},{"id":3},{"id":2}]`, emit: "10 11", stored: "11"},
			{ask: "/x", reply: `[{"id":11},{"id":10}]`, stored: "11", reason: EndOfStream},
		}},
		{"last key deleted", []exchange{
			{ask: "/x", reply: ids(1, 10), emit: list(1, 10), stored: "10"},
			{ask: "/x", reply: `[{"id":8},{"id":9},{"id":11},{"id":100}]`, emit: "11 100", stored: "100", reason: KeyGone},
			{ask: "/x", reply: `[{"id":8},{"id":9}]`, stored: "100", reason: KeyGone},
			{ask: "/x", reply: `[]`, stored: "100", reason: EndOfStream},
		}},
		{"last key deleted, descending", []exchange{
			{ask: "/x", reply: `[{"id":2},{"id":1}]`, emit: "1 2", stored: "2"},
			{ask: "/x", reply: `[{"id":4},{"id":3},{"id":1}]`, emit: "3 4", stored: "4", reason: KeyGone},
		}},
		{"key twice", []exchange{
			{ask: "/x", reply: ids(1, 2), emit: "1 2", stored: "2"},
			{ask: "/x", reply: `[{"id":2},{"id":7},{"id":2},{"id":3}]`, emit: "3", stored: "3"},
		}},
		{"without a key", []exchange{
			{ask: "/x", reply: `[{"id":1},{"x":1},{"id":2},{"x":2}]`, emit: "1 2", stored: "2 seen=2", reject: 2},
			{ask: "/x", reply: `[{"id":1},{"x":1},{"id":2},{"x":2}]`, stored: "2 seen=2", reason: EndOfStream},
			{ask: "/x", reply: `[{"id":2},{"x":2},{"x":3}]`, stored: "2 seen=2", reject: 1},
			{ask: "/x", reply: ids(1, 3), emit: "3", stored: "3"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { script{api: api, exchanges: tt.exchanges}.play(t) })
	}
}

func TestGlobalWithAnOffsetPointer(t *testing.T) {
	api := globalAPI()
	api.Parameters = params("from=${start_time}&at=${offset}")
	api.Offset = pointer("/at")
	window := " start=100 end=200 pk="
	script{api: api, exchanges: []exchange{
		{ask: "/x?from=100&at=", reply: `[{"id":1,"at":"T1"}]`, emit: "1", stored: "T1" + window + "1"},
		{ask: "/x?from=100&at=T1&after=1", reply: `[{"id":2,"at":"T2"},{"id":3}]`, emit: "2", stored: "T2" + window + "2", reject: 1},
		{ask: "/x?from=100&at=T2&after=2", reply: `[]`, stored: " start=200", reason: EndOfWindow},
	}}.play(t)
}

func TestRelativeParameterAndTimes(t *testing.T) {
	api := chainingAPI()
	api.Ordering, api.PrimaryKey, api.ChainParameter = connector.OrderingRelative, pointer("/id"), "after"
	api.Parameters = params("since=${start_time}&to=${end_time}")
	api.Window = &connector.Window{Format: connector.UnixSeconds, Delay: 10 * time.Second}
	script{api: api, exchanges: []exchange{
		{at: "1970-01-01T00:01:40Z", ask: "/x?since=0&to=90", reply: `[{"id":"a","at":7}]`, emit: "a", stored: "7 pk=a seen=1"},
		{ask: "/x?since=7&to=90&after=a", reply: `[{"id":"a","at":7},{"id":"b","at":7}]`, emit: "b", stored: "7 pk=b seen=2"},
		{ask: "/x?since=7&to=90&after=b", reply: `[{"at":7}]`, stored: "7 pk=b seen=3", reject: 1},
	}}.play(t)
}

func TestWindows(t *testing.T) {
	api := cursorAPI()
	api.Parameters = params("from=${start_time}&to=${end_time}")
	iso := func(w connector.Window) connector.API {
		w.Format = connector.ISO8601
		a := api
		a.Window = &w
		return a
	}
	enc := func(from, to string) string {
		r := strings.NewReplacer(":", "%3A", "+", "%2B")
		return "/x?from=" + r.Replace(from) + "&to=" + r.Replace(to)
	}
	nothing := `{"items":[]}`
	for _, tt := range []struct {
		name      string
		api       connector.API
		exchanges []exchange
	}{
		{"the first end is in the future", iso(connector.Window{Start: "2024-01-01T00:00:00Z", End: "2030-01-01T00:00:00Z", Interval: 60}), []exchange{
			{at: "2024-01-01T00:10:00.9Z", ask: enc("2024-01-01T00:00:00Z", "2024-01-01T00:10:00Z"), reply: nothing, stored: " start=2024-01-01T00:10:00Z", reason: EndOfWindow},
			{at: "2024-01-01T00:10:30Z", ask: enc("2024-01-01T00:10:00Z", "2024-01-01T00:10:30Z"), reply: nothing, stored: " start=2024-01-01T00:10:30Z", reason: EndOfWindow},
		}},
		{"the clock goes back", iso(connector.Window{Start: "2024-01-01T00:00:00Z", Interval: 60}), []exchange{
			{at: "2024-01-01T00:10:00Z", ask: enc("2024-01-01T00:00:00Z", "2024-01-01T00:10:00Z"), reply: nothing, stored: " start=2024-01-01T00:10:00Z", reason: EndOfWindow},
			{at: "2024-01-01T00:05:00Z", ask: "-"},
			{at: "2024-01-01T00:10:00Z", ask: "-"},
			{at: "2024-01-01T00:10:01Z", ask: enc("2024-01-01T00:10:00Z", "2024-01-01T00:10:01Z"), reply: nothing, stored: " start=2024-01-01T00:10:01Z", reason: EndOfWindow},
		}},
		{"the start's zone stays", iso(connector.Window{Start: "2024-01-01T00:00:00+0530", Interval: 3600}), []exchange{
			{at: "2023-12-31T18:40:00Z", ask: enc("2024-01-01T00:00:00+05:30", "2024-01-01T00:10:00+05:30"), reply: nothing, stored: " start=2024-01-01T00:10:00+05:30", reason: EndOfWindow},
		}},
		{"start in the future", iso(connector.Window{Start: "2025-01-01T00:00:00Z", Interval: 60}), []exchange{
			{at: "2024-01-01T00:00:00Z", ask: "-"},
			{at: "2025-01-01T00:00:00Z", ask: "-"},
			{at: "2025-01-01T00:00:02Z", ask: enc("2025-01-01T00:00:00Z", "2025-01-01T00:00:02Z"), reply: nothing, stored: " start=2025-01-01T00:00:02Z", reason: EndOfWindow},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { script{api: tt.api, exchanges: tt.exchanges}.play(t) })
	}
	t.Run("milliseconds", func(t *testing.T) {
		a := api
		a.Window = &connector.Window{Start: "1000", Format: connector.UnixMillis, Unit: connector.Days, Interval: 1}
		script{api: a, exchanges: []exchange{
			{at: "1970-01-01T00:00:03.0409Z", ask: "/x?from=1000&to=3040", reply: nothing, stored: " start=3040", reason: EndOfWindow},
			{at: "1970-01-09T00:00:00Z", ask: "/x?from=3040&to=86403040", reply: nothing, stored: " start=86403040", reason: EndOfWindow},
		}}.play(t)
	})
}

// Where the answer says how far it reached, the next window starts there, but neither goes back nor leaves a gap.
func TestWindowStartsWhereTheAnswerReached(t *testing.T) {
	api := cursorAPI()
	api.Parameters = params("from=${start_time}&to=${end_time}")
	api.Window = &connector.Window{Start: "100", End: "200", Format: connector.UnixSeconds, Interval: 100}
	api.Timestamp = pointer("/until")
	reply := func(until, items string) string { return `{"until":` + until + `,"items":[` + items + `]}` }
	script{api: api, exchanges: []exchange{
		{ask: "/x?from=100&to=200", reply: reply(`150`, `{"id":1,"t":150}`), emit: "1", stored: " start=150 seen=1", reason: EndOfWindow},
		{ask: "/x?from=150&to=250", reply: reply(`100`, `{"id":1,"t":150},{"id":2,"t":150},{"id":3,"t":160}`), emit: "2 3", stored: " start=250 seen=2", reason: EndOfWindow},
		{ask: "/x?from=250&to=350", reply: reply(`9999`, ``), stored: " start=350", reason: EndOfWindow},
		{ask: "/x?from=350&to=450", reply: reply(`"no time"`, ``), stored: " start=450", reason: EndOfWindow},
	}}.play(t)
}

// Equal records of different windows are different records unless they bear the time of the edge between them.
func TestEqualRecordsOfTwoWindows(t *testing.T) {
	api := globalAPI()
	api.Mode, api.Ordering, api.ChainParameter, api.NextPage = connector.CursorPagination, 0, "", pointer("/next")
	api.Data = *pointer("/items")
	api.CursorParameter = "c"
	script{api: api, exchanges: []exchange{
		{ask: "/x?from=100&to=200", reply: `{"items":[{"id":"sum","n":7},{"id":"edge","at":"1970-01-01T00:03:20.000Z"}]}`, emit: "sum edge", stored: " start=200 seen=1", reason: EndOfWindow},
		{ask: "/x?from=200&to=300", reply: `{"items":[{"id":"sum","n":7},{"at":"1970-01-01T00:03:20.000Z","id":"edge"}]}`, emit: "sum", stored: " start=300", reason: EndOfWindow},
	}}.play(t)
}

// walked counts the records that are looked at.
type walked struct {
	record.Memory
	n *int
}

func (w walked) Each(visit func(int, []byte) error) error {
	return w.Memory.Each(func(i int, raw []byte) error {
		*w.n++
		return visit(i, raw)
	})
}

func TestPagesThatWillNotComeAgainAreNotLookedInto(t *testing.T) {
	simple := connector.API{Path: "/x", Parameters: params("start=${offset}"), InitialOffset: "0"}
	for name, api := range map[string]connector.API{"SIMPLE": simple, "CURSOR": cursorAPI()} {
		t.Run(name, func(t *testing.T) {
			m, err := New("https://x", api)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			r := Response{Root: map[string]record.Value{"/next": record.Value(`"A"`)}}
			r.Records = walked{record.Memory(make([][]byte, 1000)), &n}
			if _, err := m.Advance(begin(t, m, nil), r, time.Time{}); err != nil || n > trail.Sampled {
				t.Errorf("%d records were looked at, %v", n, err)
			}
		})
	}
}
