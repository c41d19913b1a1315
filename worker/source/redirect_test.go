package source

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// canary stands in every secret of these tests.
const canary = "c4n4ry"

// tap is a server that keeps every byte of the requests it got.
type tap struct {
	*httptest.Server
	mu  sync.Mutex
	got []string
}

func listen(t *testing.T, h http.HandlerFunc) *tap {
	p := &tap{}
	p.Server = serve(t, func(w http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		_ = r.Header.Write(&b)
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		p.got = append(p.got, fmt.Sprintf("%s %s\n%s%s\n%s", r.Method, r.RequestURI, r.Host, b.String(), body))
		p.mu.Unlock()
		h(w, r)
	})
	return p
}

// requests returns what came so far.
func (p *tap) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got
}

// authKinds are all the ways in which a request of ours can hold a credential.
func authKinds() map[string]func(*setting, *poll.Request) {
	return map[string]func(*setting, *poll.Request){
		"None": func(*setting, *poll.Request) {},
		"Basic": func(s *setting, _ *poll.Request) {
			s.Connector.Auth = connector.Auth{Type: connector.AuthBasic, User: "u", Password: connector.NewSecret(canary)}
		},
		"Bearer": func(s *setting, _ *poll.Request) {
			s.Connector.Auth = connector.Auth{Type: connector.AuthBearer, Token: connector.NewSecret(canary)}
		},
		"UserInBase": func(s *setting, _ *poll.Request) {
			s.Connector.BaseURL = strings.Replace(s.Connector.BaseURL, "//", "//u:"+canary+"@", 1)
		},
		"Headers": func(_ *setting, r *poll.Request) {
			for _, name := range []string{"X-API-KEY", "Authorization", "Cookie", "X-Other", "Proxy-Authorization", "Referer"} {
				r.Header = append(r.Header, poll.Header{Name: name, Value: canary, Secret: name != "X-Other"})
			}
		},
		"Query": func(_ *setting, r *poll.Request) { r.URL += "?api_key=" + canary },
		"Host": func(_ *setting, r *poll.Request) {
			r.Header = append(r.Header, poll.Header{Name: "Host", Value: canary})
		},
	}
}

// encodings of the canary that would be a leak as much as itself.
var encodings = []string{canary, strings.TrimPrefix(basic("u", canary), "Basic ")}

// TestRedirects: five codes by five destinations by every kind of credential.
func TestRedirects(t *testing.T) {
	codes := []int{301, 302, 303, 307, 308}
	for _, code := range codes {
		for kind, arm := range authKinds() {
			for _, target := range []string{"same", "relative", "other", "listed", "back"} {
				t.Run(fmt.Sprintf("%d/%s/%s", code, kind, target), func(t *testing.T) { redirect(t, code, arm, target) })
			}
		}
	}
}

// redirect plays one case.
func redirect(t *testing.T, code int, arm func(*setting, *poll.Request), target string) {
	var home *tap
	other := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if target == "back" && r.URL.Path != "/end" {
			http.Redirect(w, r, home.URL+"/end", code)
			return
		}
		answer(200, `{"data":[1]}`)(w, r)
	})
	home = listen(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"same": home.URL + "/end", "relative": "end", "other": other.URL, "listed": other.URL, "back": other.URL}[target]
		if r.URL.Path == "/end" {
			answer(200, `{"data":[1]}`)(w, r)
			return
		}
		http.Redirect(w, r, to, code)
	})
	r := get(t, home.URL+"/start")
	r.Header = []poll.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "Accept", Value: "application/json"}}
	c := client(t, home.URL, func(s *setting) {
		if target != "other" {
			s.Connector.Whitelist = []string{"127.0.0.1"}
		}
		arm(s, &r)
	})
	resp, err := c.Fetch(t.Context(), r)
	for _, request := range other.requests() {
		demandClean(t, request)
	}
	switch target {
	case "other":
		demandRefused(t, failed(t, resp, err), code, len(other.requests()))
		return
	case "back":
		demandClean(t, home.requests()[1])
	}
	if err != nil || resp.Records.Len() != 1 {
		t.Fatal(err)
	}
	if target == "same" && strings.Contains(home.requests()[0], "Authorization") != strings.Contains(home.requests()[1], "Authorization") {
		t.Error("credentials were lost on the way to the same origin")
	}
}

// demandClean finds secrets in what a host got that must have none.
func demandClean(t *testing.T, request string) {
	t.Helper()
	for _, secret := range encodings {
		if strings.Contains(request, secret) {
			t.Errorf("leaked:\n%s", request)
		}
	}
	if strings.Contains(request, "Referer") {
		t.Errorf("a Referer went along:\n%s", request)
	}
}

func demandRefused(t *testing.T, e *fault.Error, code, requests int) {
	t.Helper()
	if !strings.Contains(e.Hint, "connector.egress.whitelist") || *e.Report.Status != code || requests != 0 {
		t.Errorf("%v, %+v, %d requests", e, e.Report, requests)
	}
	demandClean(t, fmt.Sprintf("%v %+v %s", e, *e.Report, *e.Report.Exception))
}

// TestNextLinks: a URL from an answer is held to the base URL's origin, whatever its shape.
func TestNextLinks(t *testing.T) {
	other := listen(t, answer(200, "[]"))
	home := listen(t, answer(200, "[]"))
	port := home.URL[strings.LastIndexByte(home.URL, ':')+1:]
	refusedLinks := []string{
		other.URL, "//" + strings.TrimPrefix(other.URL, "http://"), "http://localhost:" + port, "https://127.0.0.1:" + port,
		"http://127.0.0.1:" + port + "@" + strings.TrimPrefix(other.URL, "http://"), "http://127.0.0.1", "http://127.0.0.1.evil.invalid:" + port,
		"http://u:p@127.0.0.1:" + port, "http://127.0.0.1:" + port + "\\@" + strings.TrimPrefix(other.URL, "http://"),
		"http://[::ffff:127.0.0.1]:" + port, "http://0x7f.1:" + port, "http://2130706433:" + port, "http://127.0.0.1.:" + port,
		"ftp://127.0.0.1:" + port, "HTTP://127.0.0.2:" + port, "javascript:alert(1)", "http://evil\r\n.invalid", "", "?page=2",
	}
	for _, link := range refusedLinks {
		resp, err := client(t, home.URL).Fetch(t.Context(), get(t, link))
		if e := failed(t, resp, err); e.Kind != fault.Permanent {
			t.Errorf("%q: %v", link, e)
		}
	}
	if n := len(home.requests()) + len(other.requests()); n != 0 {
		t.Errorf("%d requests: %q", n, home.requests())
	}
	for _, link := range []string{home.URL, "HTTP://127.0.0.1:" + port + "/x#y", home.URL + "?page=2"} {
		if _, err := client(t, home.URL).Fetch(t.Context(), get(t, link)); err != nil {
			t.Errorf("%q: %v", link, err)
		}
	}
}

// TestNextLinkToListedOrigin: it is followed, with a body, without credentials.
func TestNextLinkToListedOrigin(t *testing.T) {
	for kind, arm := range authKinds() {
		if kind == "Query" {
			continue // a next link's query is what the API wrote into it
		}
		t.Run(kind, func(t *testing.T) {
			other := listen(t, answer(200, `{"data":[1]}`))
			r := get(t, other.URL+"/next")
			r.Method, r.Body = http.MethodPost, []byte("{}")
			r.Header = []poll.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent", Value: "mine"}}
			c := client(t, "http://api.invalid", func(s *setting) {
				s.Connector.Whitelist = []string{"example.com", "127.0.0.0/8"}
				arm(s, &r)
			})
			if _, err := c.Fetch(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			got := other.requests()[0]
			demandClean(t, got)
			for _, want := range []string{"POST /next", "Content-Type: application/json", "User-Agent: mine", "\n{}"} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
		})
	}
}

// TestLocations: what a Location may say.
func TestLocations(t *testing.T) {
	tests := map[string]struct {
		location, want string
		status         int
	}{
		"Loop":         {"/start", "more than 5 redirects", 302},
		"Empty":        {"", "the API answered 302", 302},
		"File":         {"file:///etc/passwd", "neither http nor https", 302},
		"NetworkPath":  {"//evil.invalid/x", "connector.egress.whitelist", 302},
		"UserInfo":     {"http://u:p@evil.invalid/", "carries a user name", 302},
		"Garbage":      {"http://[::1", "Location is unusable", 302},
		"SchemeHTTPS":  {"https://evil.invalid/", "connector.egress.whitelist", 302},
		"BackslashUNC": {`\\evil.invalid`, "the API answered 302", 302},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := 0
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if n++; n > 10 {
					t.Error("still redirecting")
				}
				if test.location != "" {
					w.Header().Set("Location", test.location)
				}
				w.WriteHeader(302)
			})
			resp, err := client(t, s.URL, func(s *setting) { s.api.RetryOn = nil }).Fetch(t.Context(), get(t, s.URL+"/start"))
			e := failed(t, resp, err)
			if name == "BackslashUNC" {
				return // a path to us; that it stays on this host is what counts, and n says so
			}
			if !strings.Contains(e.Error(), test.want) || *e.Report.Status != test.status {
				t.Errorf("%v, %+v", e, e.Report)
			}
		})
	}
}

// TestRedirectLimit: five hops are followed.
func TestRedirectLimit(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/xxxxx" {
			return
		}
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	})
	if _, err := client(t, s.URL).Fetch(t.Context(), get(t, s.URL+"/")); err != nil {
		t.Error(err)
	}
}

// TestPostIsNotRedirected: the 3xx is the failure, and the body goes nowhere else.
func TestPostIsNotRedirected(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		home := listen(t, answer(code, "moved", "Location", "/elsewhere"))
		r := get(t, home.URL)
		r.Method, r.Body = http.MethodPost, []byte(canary)
		resp, err := client(t, home.URL, func(s *setting) { s.api.MaxRetries = 3 }).Fetch(t.Context(), r)
		e := failed(t, resp, err)
		if *e.Report.Status != code || *e.Report.ResponseContent != "moved" || *e.Report.Payload != canary || len(home.requests()) != 1 {
			t.Errorf("%d: %+v, %d requests", code, e.Report, len(home.requests()))
		}
	}
}

// TestDowngrade: from https to http is refused, listed or not.
func TestDowngrade(t *testing.T) {
	g, err := newGuard(parsed(t, "https://a.example"), []string{"b.example", "a.example"})
	if err != nil {
		t.Fatal(err)
	}
	for to, good := range map[string]bool{
		"https://a.example/x": true, "https://a.example:443/": true, "https://b.example./": true, "https://B.example:8443": true,
		"http://a.example": false, "http://b.example": false, "https://c.example": false, "https://xb.example": false,
	} {
		if err := g.permit(parsed(t, to), g.base); (err == nil) != good {
			t.Errorf("%s: %v", to, err)
		}
	}
	plain, err := newGuard(parsed(t, "http://a.example"), []string{"b.example"})
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.permit(parsed(t, "http://a.example"), parsed(t, "https://b.example")); err == nil {
		t.Error("https to http on the second hop")
	}
}

func parsed(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
