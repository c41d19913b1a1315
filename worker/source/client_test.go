package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// setting is what a test changes about a client.
type setting struct {
	Config
	api   connector.API
	waits Waits
}

// client returns a client for base without retries, and what change makes of it.
func client(t testing.TB, base string, change ...func(*setting)) *Client {
	t.Helper()
	s := setting{
		Config: Config{Connector: connector.Config{Name: "c", BaseURL: base}, Log: slog.New(slog.DiscardHandler)},
		api: connector.API{
			N: 1, ConnectTimeout: 20 * time.Second, RequestTimeout: 20 * time.Second,
			BackoffBase: time.Millisecond, Backoff: connector.ConstantValue, RetryOn: connector.StatusRanges{{From: 400, To: 999}},
		},
	}
	for _, f := range change {
		f(&s)
	}
	c, err := New(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.For(s.api, s.waits)
}

// get is a GET whose records are at /data.
func get(t testing.TB, url string) poll.Request {
	t.Helper()
	data, err := extract.ParsePointer("/data")
	if err != nil {
		t.Fatal(err)
	}
	next, err := extract.ParsePointer("/next")
	if err != nil {
		t.Fatal(err)
	}
	return poll.Request{Method: http.MethodGet, URL: url, Want: poll.Want{Data: data, Root: []extract.Pointer{next}}}
}

// serve starts a server that ends with the test.
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// answer is a handler with a fixed answer; headers are pairs.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Add(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// texts are the records of a page, which it closes.
func texts(t testing.TB, list record.List) []string {
	t.Helper()
	var out []string
	if err := list.Each(func(_ int, raw []byte) error { out = append(out, string(raw)); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := list.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// failed demands a *fault.Error.
func failed(t testing.TB, r poll.Response, err error) *fault.Error {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, but %d records", r.Records.Len())
	}
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	return e
}

func TestFetch(t *testing.T) {
	page := `{"next":"abc","data":[{"id":1},{"id":2}]}`
	tests := map[string]struct {
		handler http.HandlerFunc
		want    []string
		found   bool
		next    string
	}{
		"Page":           {answer(200, page, "Content-Type", "application/json; charset=utf-8"), []string{`{"id":1}`, `{"id":2}`}, true, `"abc"`},
		"Created":        {answer(201, page), []string{`{"id":1}`, `{"id":2}`}, true, `"abc"`},
		"NoContent":      {answer(204, ""), nil, false, ""},
		"Empty":          {answer(200, ""), nil, false, ""},
		"EmptyHTML":      {answer(200, "", "Content-Type", "text/html; charset=latin1"), nil, false, ""},
		"Blank":          {answer(200, "\r\n "), nil, false, ""},
		"EmptyArray":     {answer(200, `{"data":[]}`), nil, true, ""},
		"Missing":        {answer(200, `{}`), nil, false, ""},
		"NoContentType":  {answer(200, page, "Content-Type", ""), []string{`{"id":1}`, `{"id":2}`}, true, `"abc"`},
		"OddContentType": {answer(200, page, "Content-Type", "text/html"), []string{`{"id":1}`, `{"id":2}`}, true, `"abc"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, test.handler)
			r, err := client(t, s.URL).Fetch(t.Context(), get(t, s.URL+"/x?api_key=k"))
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(t, r.Records); fmt.Sprint(got) != fmt.Sprint(test.want) || r.DataFound != test.found {
				t.Errorf("%q, found %v", got, r.DataFound)
			}
			if string(r.Root["/next"]) != test.next || r.URL != s.URL+"/x?api_key=***" || r.Reason == "" {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestRequest shows what goes over the wire.
func TestRequest(t *testing.T) {
	var got *http.Request
	var body string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		raw := make([]byte, 100)
		n, _ := r.Body.Read(raw)
		got, body = r.Clone(context.Background()), string(raw[:n])
	})
	r := get(t, s.URL+"/a%2Fb/?q=1%202&x=#frag")
	r.Method, r.Body = http.MethodPost, []byte(`{"a":1}`)
	r.Header = []poll.Header{
		{Name: "x-one", Value: "1"},
		{Name: "Content-Type", Value: "application/json"},
		{Name: "Host", Value: "api.example.com:8080"},
		{Name: "Content-Length", Value: "348"},
		{Name: "Transfer-Encoding", Value: "chunked"},
		{Name: "Connection", Value: "close"},
	}
	if _, err := client(t, s.URL).Fetch(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got.RequestURI != "/a%2Fb/?q=1%202&x=" || got.Host != "api.example.com:8080" || body != `{"a":1}` || got.ContentLength != 7 {
		t.Errorf("%s %s %q %d", got.RequestURI, got.Host, body, got.ContentLength)
	}
	want := map[string]string{
		"X-One": "1", "Content-Type": "application/json", "User-Agent": "headwater", "Accept": "application/json, */*;q=0.5",
		"Accept-Encoding": "gzip, deflate", "Connection": "", "Referer": "", "Authorization": "",
	}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), value)
		}
	}
}

func TestRequestRefused(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	tests := map[string]func(*poll.Request){
		"HeaderCRLF":   func(r *poll.Request) { r.Header = []poll.Header{{Name: "X", Value: "a\r\nAuthorization: evil"}} },
		"HeaderName":   func(r *poll.Request) { r.Header = []poll.Header{{Name: "X Y", Value: "a"}} },
		"HostSlash":    func(r *poll.Request) { r.Header = []poll.Header{{Name: "host", Value: "a/b"}} },
		"HostEmpty":    func(r *poll.Request) { r.Header = []poll.Header{{Name: "Host"}} },
		"Method":       func(r *poll.Request) { r.Method = "GET /" },
		"URL":          func(r *poll.Request) { r.URL = "http://[::1" },
		"Scheme":       func(r *poll.Request) { r.URL = "file:///etc/passwd" },
		"NoHost":       func(r *poll.Request) { r.URL = "http:///x" },
		"Relative":     func(r *poll.Request) { r.URL = "/x" },
		"UserInURL":    func(r *poll.Request) { r.URL = strings.Replace(s.URL, "//", "//u:p@", 1) },
		"SecretInHost": func(r *poll.Request) { r.URL = "http://u:canary/secret@h:1/" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			r := get(t, s.URL)
			change(&r)
			resp, err := client(t, s.URL, func(s *setting) { s.api.MaxRetries = 5 }).Fetch(t.Context(), r)
			e := failed(t, resp, err)
			if e.Kind != fault.Permanent || e.Report == nil || *e.Report.Status != -1 || strings.Contains(e.Error(), "after 5") {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestAuth(t *testing.T) {
	basic := connector.Auth{Type: connector.AuthBasic, User: "ü", Password: connector.NewSecret("p:w")}
	bearer := connector.Auth{Type: connector.AuthBearer, Token: connector.NewSecret("tok")}
	own := []poll.Header{{Name: "authorization", Value: "Own x", Secret: true}}
	tests := map[string]struct {
		auth   connector.Auth
		header []poll.Header
		user   string
		want   string
	}{
		"None":        {},
		"Basic":       {auth: basic, want: "Basic w7w6cDp3"},
		"Bearer":      {auth: bearer, want: "Bearer tok"},
		"OwnWins":     {auth: bearer, header: own, want: "Own x"},
		"UserInBase":  {user: "u:p@", want: "Basic dTpw"},
		"AuthTypeWin": {auth: bearer, user: "u:p@", want: "Bearer tok"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got string
			s := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") })
			base := strings.Replace(s.URL, "//", "//"+test.user, 1)
			c := client(t, base, func(s *setting) { s.Connector.Auth = test.auth })
			r := get(t, base)
			r.Header = test.header
			if _, err := c.Fetch(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestOwnAuthorizationWarnsOnce: an Authorization header beside auth.type is worth a word, not one per page.
func TestOwnAuthorizationWarnsOnce(t *testing.T) {
	var logged strings.Builder
	s := serve(t, answer(200, "[]"))
	c := client(t, s.URL, func(s *setting) {
		s.Connector.Auth = connector.Auth{Type: connector.AuthBearer, Token: connector.NewSecret("tok")}
		s.Log = slog.New(slog.NewTextHandler(&logged, nil))
	})
	r := get(t, s.URL)
	r.Header = []poll.Header{{Name: "Authorization", Value: "Own"}}
	for range 3 {
		if _, err := c.Fetch(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(logged.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings:\n%s", n, logged.String())
	}
}

func TestNewRefuses(t *testing.T) {
	for _, base := range []string{"", "ftp://h", "http://", "/path", "http://u:canary@[::1"} {
		_, err := New(Config{Connector: connector.Config{BaseURL: base}})
		if err == nil || !strings.Contains(err.Error(), "http.api.base.url") || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", base, err)
		}
	}
	for _, entry := range []string{"http://h", "h:80", "*.example.com", "u@h", "10.0.0.0/99"} {
		_, err := New(Config{Connector: connector.Config{BaseURL: "http://h", Whitelist: []string{entry}}})
		if err == nil || !strings.Contains(err.Error(), "connector.egress.whitelist") {
			t.Errorf("%q: %v", entry, err)
		}
	}
}

// TestKeepAlive: one connection serves page after page, errors included.
func TestKeepAlive(t *testing.T) {
	seen := map[string]bool{}
	n := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen[r.RemoteAddr] = true
		if n++; n%2 == 0 {
			w.WriteHeader(500)
		}
		_, _ = w.Write([]byte(`[` + strings.Repeat(`{},`, 5000) + `{}]`))
	})
	c := client(t, s.URL, func(s *setting) { s.api.MaxRetries = 1 })
	for range 5 {
		if _, err := c.Fetch(t.Context(), get(t, s.URL)); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 1 {
		t.Errorf("%d connections for %d requests", len(seen), n)
	}
}
