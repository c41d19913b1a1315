package poll

import (
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
)

// A stored offset that does not fit ends in a clear fault, never at the beginning.
func TestStoredOffsetThatDoesNotFit(t *testing.T) {
	simple := connector.API{Path: "/x/${offset}", InitialOffset: "0"}
	windowed := globalAPI()
	placeless := cursorAPI()
	placeless.CursorParameter = ""
	header := chainingAPI()
	header.Headers = []connector.Pair{{Name: "X-After", Value: "${offset}"}}
	path := chainingAPI()
	path.Path = "/x/${offset}/y"
	for _, tt := range []struct {
		name string
		api  connector.API
		o    offsets.Offset
	}{
		{"no number", simple, offsets.Offset{Offset: "T3"}},
		{"empty", simple, offsets.Offset{}},
		{"fraction", simple, offsets.Offset{Offset: "1.5"}},
		{"too large", simple, offsets.Offset{Offset: "9223372036854775808"}},
		{"marker is no number", simple, offsets.Offset{Offset: "1", Next: "x"}},
		{"start", windowed, offsets.Offset{StartTime: "2024-01-01"}},
		{"end", windowed, offsets.Offset{StartTime: "100", EndTime: "soon"}},
		{"end without start", windowed, offsets.Offset{EndTime: "100"}},
		{"seen by another release", cursorAPI(), offsets.Offset{Offset: "A", Seen: "CQAA"}},
		{"seen is no base64", chainingAPI(), offsets.Offset{Offset: "A", Seen: "?"}},
		{"token without a place", placeless, offsets.Offset{Offset: "A"}},
		{"link with a user", placeless, offsets.Offset{Offset: "https://u:p@api.example.com/"}},
		{"line break in a header", header, offsets.Offset{Offset: "a\r\nb"}},
		{"dots in a path", path, offsets.Offset{Offset: ".."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := New("https://api.example.com", tt.api)
			if err != nil {
				t.Fatal(err)
			}
			if s, err := m.Start(&tt.o); err == nil {
				t.Errorf("started at %s", show(s.Offset()))
			} else if kindOf(t, err) != fault.Fatal || !strings.Contains(err.Error(), "offset") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What a page names as the next is checked before the page is stored.
func TestNextThatCannotBeAskedFor(t *testing.T) {
	link := cursorAPI()
	link.CursorParameter = ""
	token := link
	token.Path = "/x/${offset}"
	for _, tt := range []struct {
		name string
		api  connector.API
		next string
	}{
		{"user in a link", link, `"https://user:pw@api.example.com/x"`},
		{"other scheme", link, `"ftp://api.example.com/x"`},
		{"script", link, `"javascript:alert(1)"`},
		{"line break", link, `"https://api.example.com/x\r\nHost: y"`},
		{"bare token", link, `"abc"`},
		{"not a value", link, `{"href":"/x"}`},
		{"list", link, `["/x"]`},
		{"climbing", token, `".."`},
		{"climbing link", token, `"/../../admin"`},
		{"broken text", token, `"\ud83d"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := New("https://api.example.com", tt.api)
			if err != nil {
				t.Fatal(err)
			}
			step, err := m.Advance(begin(t, m, nil), Response{Root: map[string]record.Value{"/next": record.Value(tt.next)}, Records: record.Memory{}}, time.Time{})
			if err == nil {
				t.Fatalf("stored %s", show(step.Next.Offset()))
			}
			if kindOf(t, err) != fault.Permanent {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Links to other places are handed on as they are: who knows the whitelist refuses them.
func TestLinks(t *testing.T) {
	base := "https://api.example.com/v1"
	api := cursorAPI()
	api.CursorParameter, api.Path, api.Parameters = "", "/things", params("a=1")
	for next, want := range map[string]string{
		"https://other.example.com/x?y": "https://other.example.com/x?y",
		"http://api.example.com/x":      "http://api.example.com/x",
		"//evil.com/x":                  "https://evil.com/x",
		"/v2/x?b=2":                     "https://api.example.com/v2/x?b=2",
		"?page=2":                       base + "/things?page=2",
		"https://api.example.com/a#b":   "https://api.example.com/a",
		"HTTPS://api.example.com/a b":   "HTTPS://api.example.com/a%20b",
	} {
		m, err := New(base, api)
		if err != nil {
			t.Fatal(err)
		}
		turn, err := m.Next(begin(t, m, &offsets.Offset{Offset: next}), time.Time{})
		if err != nil || turn.Request.URL != want {
			t.Errorf("%s leads to %s, %v; want %s", next, turn.Request.URL, err, want)
		}
	}
}

// With is.next.page.token.absolute.url=false a value that looks like a link is a token.
func TestTokensThatLookLikeLinks(t *testing.T) {
	api := cursorAPI()
	api.NextIsURL = false
	m, _ := New("https://api.example.com", api)
	turn, err := m.Next(begin(t, m, &offsets.Offset{Offset: "https://x/?a"}), time.Time{})
	if want := "https://api.example.com/x?c=https%3A%2F%2Fx%2F%3Fa"; err != nil || turn.Request.URL != want {
		t.Errorf("got %s, %v", turn.Request.URL, err)
	}
}

func TestNewFaults(t *testing.T) {
	with := func(a connector.API, change func(*connector.API)) connector.API {
		change(&a)
		return a
	}
	for _, tt := range []struct {
		want string
		api  connector.API
	}{
		{"api3.http.initial.offset", connector.API{N: 3, InitialOffset: "x"}},
		{"api0.http.api.path: unknown placeholder ${id}", connector.API{Path: "/${id}"}},
		{"http.request.headers: X-A: unknown placeholder", connector.API{InitialOffset: "0", Headers: []connector.Pair{{Name: "X-A", Value: "${id}"}}}},
		{"http.request.body: unknown placeholder", connector.API{Method: "POST", InitialOffset: "0", Body: "{\"${id}\":1}"}},
		{"http.offset.json.pointer", connector.API{Mode: connector.Chaining}},
		{"http.offset.json.pointer", connector.API{Mode: connector.SnapshotPagination}},
		{"http.next.page.json.pointer", connector.API{Mode: connector.CursorPagination}},
		{"http.offset.json.primary.key.pointer", with(globalAPI(), func(a *connector.API) { a.PrimaryKey = nil })},
		{"initial.start.timestamp.value", with(globalAPI(), func(a *connector.API) { a.Window = nil })},
		{"initial.start.timestamp.value", with(globalAPI(), func(a *connector.API) { a.Window = &connector.Window{Interval: 1} })},
		{"initial.end.timestamp.value", with(globalAPI(), func(a *connector.API) { a.Window = &connector.Window{Start: "1", End: "x", Interval: 1} })},
		{"http.timestamp.interval", with(globalAPI(), func(a *connector.API) { a.Window = &connector.Window{Start: "1"} })},
		{"http.offset.json.primary.key.pointer", with(chainingAPI(), func(a *connector.API) { a.Ordering = connector.OrderingRelative })},
	} {
		if _, err := New("https://x", tt.api); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestRequest(t *testing.T) {
	m, err := New("https://x", connector.API{
		Path: "/a?b=1", Method: "POST", Body: `{"n":${offset}}`, Parameters: params("ignored=1"), InitialOffset: " 7 ",
		Headers:          []connector.Pair{{Name: "x-key", Value: "plain"}, {Name: "X-Page", Value: "p${offset}"}},
		SensitiveHeaders: []connector.SecretPair{{Name: "X-Key", Value: connector.NewSecret("secret")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	turn, err := m.Next(begin(t, m, nil), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	r := turn.Request
	want := []Header{{"X-Key", "secret", true}, {"X-Page", "p7", false}, {"Content-Type", "application/json", false}}
	if r.Method != "POST" || r.URL != "https://x/a?b=1" || string(r.Body) != `{"n":7}` || len(r.Header) != 3 {
		t.Fatalf("got %+v", r)
	}
	for i, h := range want {
		if r.Header[i] != h {
			t.Errorf("header %+v, want %+v", r.Header[i], h)
		}
	}
	if m.URL() != "https://x/a?b=1" {
		t.Errorf("partition %s", m.URL())
	}
}

// Fields that are not ours survive a page.
func TestUnknownFieldsAreKept(t *testing.T) {
	m, _ := New("https://x", connector.API{InitialOffset: "0"})
	s := begin(t, m, &offsets.Offset{Offset: "4", Extra: map[string]string{"etag": `"x"`}})
	step, err := m.Advance(s, Response{Records: record.Memory{[]byte("1")}}, time.Time{})
	if err != nil || step.Next.Offset().Extra["etag"] != `"x"` || !step.Moved {
		t.Errorf("%+v, %v", step.Next.Offset(), err)
	}
}

func TestSimpleDoesNotOverflow(t *testing.T) {
	m, _ := New("https://x", connector.API{InitialOffset: "9223372036854775807"})
	if step, err := m.Advance(begin(t, m, nil), Response{Records: record.Memory{[]byte("1")}}, time.Time{}); err == nil {
		t.Errorf("stored %s", show(step.Next.Offset()))
	}
}

func TestBits(t *testing.T) {
	var none Bits
	one := none.With(70, 100)
	two := one.With(3, 100)
	if none.Has(70) || one.Has(3) || !two.Has(3) || !two.Has(70) || two.Has(1000) {
		t.Errorf("%v %v %v", none, one, two)
	}
}

// FuzzAdvance feeds every mode with anything: it may refuse, but what it stores must start again and be asked for.
func FuzzAdvance(f *testing.F) {
	f.Add(uint8(0), []byte(`"A"`), []byte(`{"id":1,"at":2}`), []byte(`{"id":1}`))
	f.Add(uint8(3), []byte(`"https://x/?y"`), []byte(`[1]`), []byte(``))
	f.Add(uint8(5), []byte(`7`), []byte(`{"id":"","at":"1970-01-01T00:03:20Z"}`), []byte(`null`))
	var machines []*Machine
	for _, m := range models() {
		machine, err := New("https://api.example.com", m.api)
		if err != nil {
			f.Fatal(err)
		}
		machines = append(machines, machine)
	}
	now := time.Unix(epoch0, 0)
	f.Fuzz(func(t *testing.T, n uint8, next, one, two []byte) {
		m := machines[int(n)%len(machines)]
		s := begin(t, m, nil)
		for _, raw := range [][]byte{one, two, one} {
			turn, err := m.Next(s, now)
			if err != nil {
				t.Fatalf("a state that was let through cannot be asked for: %v", err)
			}
			if turn.Wait > 0 {
				return
			}
			r := Response{Records: record.Memory{raw, two}, Root: map[string]record.Value{"/next": next, "/at": next}}
			step, err := m.Advance(turn.State, r, now)
			if err != nil {
				kindOf(t, err)
				return
			}
			if step.Moved {
				begin(t, m, wire(t, step.Next.Offset()))
			}
			s = step.Next
		}
	})
}
