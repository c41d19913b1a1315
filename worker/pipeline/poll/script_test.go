package poll

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/offsets"
)

// exchange is one request that is expected, its answer, and what is to come of it.
type exchange struct {
	at    string // the time, RFC 3339; empty: as before
	ask   string // the URL; "-" for a wait
	body  string
	reply string // the answer's body; "" is an empty one
	patch string // instead of a request: the offset that a person writes
	emit  string // the values that are emitted, as they are in the reply or by their id, with blanks between
	// stored is offset, then what else is stored: next=, start=, end=, pk=, and seen= with the number of records
	stored string
	reason Reason
	reject int
}

// script plays exchanges to a machine.
type script struct {
	base      string
	api       connector.API
	fields    map[string]string // of a work item
	exchanges []exchange
}

// play runs the script twice: straight through, and with a restart from the stored offset before every request, which
// must make no difference.
func (s script) play(t *testing.T) {
	t.Run("straight", func(t *testing.T) { s.run(t, false) })
	t.Run("restarted", func(t *testing.T) { s.run(t, true) })
}

func (s script) run(t *testing.T, restart bool) {
	if s.base == "" {
		s.base = "https://api.example.com"
	}
	m, err := New(s.base, s.api)
	if err != nil {
		t.Fatal(err)
	}
	state := beginItem(t, m, nil, s.fields)
	var stored *offsets.Offset
	now := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	for i, x := range s.exchanges {
		if x.at != "" {
			now = instant(t, x.at)
		}
		if x.patch != "" {
			stored = &offsets.Offset{Offset: x.patch}
			state = beginItem(t, m, stored, s.fields)
			continue
		}
		if restart {
			state = beginItem(t, m, stored, s.fields)
		}
		turn, err := m.Next(state, now)
		if err != nil {
			t.Fatalf("%d: %v", i+1, err)
		}
		if !s.asked(t, i+1, x, turn) {
			state = turn.State
			continue
		}
		step, err := m.Advance(turn.State, answer(t, turn.Request, x.reply), now)
		if err != nil {
			t.Fatalf("%d: %v", i+1, err)
		}
		state = step.Next
		if step.Moved {
			stored = wire(t, state.Offset())
		}
		s.came(t, i+1, x, step, answer(t, turn.Request, x.reply))
	}
}

// asked checks a turn and reports whether it was a request.
func (s script) asked(t *testing.T, n int, x exchange, turn Turn) bool {
	t.Helper()
	if x.ask == "-" || turn.Wait > 0 {
		if x.ask != "-" || turn.Wait <= 0 {
			t.Fatalf("%d: waits %v, wanted %q", n, turn.Wait, x.ask)
		}
		return false
	}
	want := x.ask
	if strings.HasPrefix(want, "/") || strings.HasPrefix(want, "?") {
		want = s.base + want
	}
	if turn.Request.URL != want {
		t.Errorf("%d: asked for %s\nwant          %s", n, turn.Request.URL, want)
	}
	if string(turn.Request.Body) != x.body {
		t.Errorf("%d: body %s, want %s", n, turn.Request.Body, x.body)
	}
	return true
}

func (s script) came(t *testing.T, n int, x exchange, step Step, r Response) {
	t.Helper()
	if got := strings.Join(emitted(t, step, r), " "); got != x.emit {
		t.Errorf("%d: emitted %q, want %q", n, got, x.emit)
	}
	if got := show(step.Next.Offset()); got != x.stored {
		t.Errorf("%d: stored %q, want %q", n, got, x.stored)
	}
	if step.Reason != x.reason {
		t.Errorf("%d: reason %q, want %q", n, step.Reason, x.reason)
	}
	if len(step.Rejects) != x.reject {
		t.Errorf("%d: %d rejects, want %d", n, len(step.Rejects), x.reject)
	}
}

// failer is what *testing.T, *testing.F and *rapid.T have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
}

func begin(t failer, m *Machine, stored *offsets.Offset) State {
	t.Helper()
	return beginItem(t, m, stored, nil)
}

func beginItem(t failer, m *Machine, stored *offsets.Offset, fields map[string]string) State {
	t.Helper()
	s, err := m.StartItem(stored, fields)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wire sends an offset through its form in the topic.
func wire(t failer, o offsets.Offset) *offsets.Offset {
	t.Helper()
	back, err := offsets.Decode(offsets.Value(o))
	if err != nil {
		t.Fatal(err)
	}
	return &back
}

// answer makes a Response as the splitter would.
func answer(t failer, r Request, body string) Response {
	t.Helper()
	resp := Response{Status: 200, URL: r.URL, Root: map[string]record.Value{}, Bytes: int64(len(body))}
	for _, p := range r.Want.Root {
		if raw, found, _ := p.Lookup([]byte(body)); found && body != "" {
			resp.Root[p.String()] = raw
		}
	}
	resp.Records = records(t, r.Want.Data, body)
	return resp
}

func records(t failer, at extract.Pointer, body string) record.Memory {
	t.Helper()
	if body == "" {
		return nil
	}
	raw, found, err := at.Lookup([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if !found || string(raw) == "null" {
		return nil
	}
	if raw[0] != '[' {
		return record.Memory{raw}
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	var m record.Memory
	for _, r := range list {
		m = append(m, r)
	}
	return m
}

// emitted lists what a step lets through, by id where there is one.
func emitted(t failer, step Step, r Response) []string {
	t.Helper()
	var out []string
	err := r.Records.Each(func(i int, raw []byte) error {
		if step.Drop.Has(i) {
			return nil
		}
		name := string(raw)
		if id, found, _ := pointer("/id").Lookup(raw); found {
			name = strings.Trim(string(id), `"`)
		}
		out = append(out, strings.Trim(name, `"`))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if step.Reverse {
		slices.Reverse(out)
	}
	return out
}

// show writes an offset shortly.
func show(o offsets.Offset) string {
	s := o.Offset
	for _, f := range []struct{ name, value string }{
		{"next", o.Next}, {"start", o.StartTime}, {"end", o.EndTime}, {"pk", o.PrimaryKey},
	} {
		if f.value != "" {
			s += " " + f.name + "=" + f.value
		}
	}
	if o.Seen != "" {
		s += fmt.Sprintf(" seen=%d", (len(o.Seen)*3/4-1)/8)
	}
	return s
}

func pointer(s string) *extract.Pointer {
	p, err := extract.ParsePointer(s)
	if err != nil {
		panic(err)
	}
	return &p
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// params splits a query as the configuration does.
func params(s string) []connector.Pair {
	var out []connector.Pair
	for p := range strings.SplitSeq(s, "&") {
		name, value, _ := strings.Cut(p, "=")
		out = append(out, connector.Pair{Name: name, Value: value})
	}
	return out
}

// kindOf fails the test unless err is a *fault.Error, whose kind it returns.
func kindOf(t testing.TB, err error) fault.Kind {
	t.Helper()
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("%v is no *fault.Error", err)
	}
	return e.Kind
}
