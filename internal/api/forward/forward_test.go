package forward

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// worker is one that answers calls, or forwards them.
type worker struct {
	*httptest.Server
	forward *Forwarder
	got     []string
}

// start makes a worker whose leader is to; nil: itself.
func start(t *testing.T, key string, to *worker, answer http.HandlerFunc) *worker {
	t.Helper()
	w := &worker{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		role, signed, err := w.forward.Verify(r, body)
		w.got = append(w.got, fmt.Sprintf("%s %s %s %q signed=%t role=%s auth=%s type=%s", r.Method, r.URL.RequestURI(), body, r.Header.Get("Accept"), signed, role, r.Header.Get("Authorization"), r.Header.Get("Content-Type")))
		if refused, ok := errors.AsType[*Error](err); ok {
			fail(rw, refused)
			return
		}
		if !w.forward.Forward(rw, r, body) {
			answer(rw, r)
		}
	}))
	client := NewClient(nil)
	w.forward = &Forwarder{
		Leader: func() (string, bool, bool) {
			if to == nil {
				return w.URL, true, true
			}
			return to.URL + "/", false, true
		},
		Key: func() []byte { return []byte(key) }, URL: func() string { return w.URL },
		Role: func(*http.Request) string { return "editor" }, Client: client,
	}
	t.Cleanup(func() { client.CloseIdleConnections(); w.Close() })
	return w
}

func created(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Location", "/connectors/a")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Set-Cookie", "x=y")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"name":"a"}`)
}

func send(t *testing.T, method, url, body string, set ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(set); i += 2 {
		r.Header.Add(set[i], set[i+1])
	}
	client := NewClient(nil)
	defer client.CloseIdleConnections()
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res, string(text)
}

func TestACallIsForwardedWhole(t *testing.T) {
	leader := start(t, "key", nil, created)
	w := start(t, "key", leader, nil)
	res, body := send(
		t, "PUT", w.URL+"/connectors/a%2Fb%20c/config?x=1%2B1&y", `{"é":1}`,
		"Authorization", "Basic c2VjcmV0", "Content-Type", "application/json", "Cookie", "c=1", "X-Other", "1", "Accept", "a/b",
	)
	if res.StatusCode != 201 || body != `{"name":"a"}` || res.Header.Get("Location") != "/connectors/a" || res.Header.Get("Set-Cookie") != "" {
		t.Error(res.Status, body, res.Header)
	}
	want := `PUT /connectors/a%2Fb%20c/config?forward=true&x=1%2B1&y= {"é":1} "a/b" signed=true role=editor auth=Basic c2VjcmV0 type=application/json`
	if len(leader.got) != 1 || leader.got[0] != want {
		t.Errorf("%q\nwant %q", leader.got, want)
	}
}

// As in Connect a call takes two steps at most; the third worker answers with a text that tools try again on.
func TestHops(t *testing.T) {
	leader := start(t, "key", nil, created)
	second := start(t, "key", leader, nil)
	first := start(t, "key", second, nil)
	if res, body := send(t, "POST", first.URL+"/connectors", "{}"); res.StatusCode != 201 {
		t.Error(res.Status, body)
	}
	if want := "POST /connectors?forward=false"; len(leader.got) != 1 || !strings.HasPrefix(leader.got[0], want) {
		t.Error(leader.got)
	}
	zeroth := start(t, "key", first, nil)
	res, body := send(t, "POST", zeroth.URL+"/connectors", "{}")
	if res.StatusCode != 409 || body != `{"error_code":409,"message":"`+conflicting+`"}` || len(leader.got) != 1 {
		t.Error(res.Status, body, leader.got)
	}
}

func TestLoopOfWorkersEnds(t *testing.T) {
	a := start(t, "key", nil, nil)
	b := start(t, "key", a, nil)
	a.forward.Leader = func() (string, bool, bool) { return b.URL, false, true }
	res, _ := send(t, "POST", a.URL+"/connectors", "{}")
	if res.StatusCode != 409 || len(a.got)+len(b.got) != 3 {
		t.Error(res.Status, a.got, b.got)
	}
}

func TestWhatIsNotForwarded(t *testing.T) {
	leader := start(t, "key", nil, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, maxAnswer+1))
	})
	elsewhere := start(t, "key", nil, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, leader.URL+"/stolen", http.StatusTemporaryRedirect)
	})
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct {
		change func(*Forwarder)
		body   string
		code   int
		text   string
	}{
		"no leader":    {func(f *Forwarder) { f.Leader = func() (string, bool, bool) { return "", false, false } }, "", 409, noLeader},
		"no URL":       {func(f *Forwarder) { f.Leader = func() (string, bool, bool) { return "", false, true } }, "", 409, noLeader},
		"no key":       {func(f *Forwarder) { f.Key = func() []byte { return nil } }, "", 503, "session key"},
		"leader gone":  {func(f *Forwarder) { f.Leader = func() (string, bool, bool) { return gone.URL, false, true } }, "", 409, conflicting},
		"odd URL":      {func(f *Forwarder) { f.Leader = func() (string, bool, bool) { return "http://a b/", false, true } }, "", 500, "cannot be used"},
		"downgrade":    {func(f *Forwarder) { f.URL = func() string { return "https://me:1" } }, "", 500, "not https"},
		"large body":   {nil, strings.Repeat("x", maxBody+1), 413, "too large"},
		"large answer": {nil, "", 500, "larger than 8 MiB"},
		"redirect":     {func(f *Forwarder) { f.Leader = func() (string, bool, bool) { return elsewhere.URL, false, true } }, "", 307, ""},
		"default client": {func(f *Forwarder) {
			f.Client, f.Leader = nil, func() (string, bool, bool) { return elsewhere.URL, false, true }
		}, "", 307, ""},
		"following client": {func(f *Forwarder) {
			f.Client, f.Leader = &http.Client{Transport: f.Client.Transport}, func() (string, bool, bool) { return elsewhere.URL, false, true }
		}, "", 307, ""},
	} {
		leader.got = nil
		w := start(t, "key", leader, nil)
		if c.change != nil {
			c.change(w.forward)
		}
		res, body := send(t, "POST", w.URL+"/connectors", c.body, "Authorization", "Basic c4nary")
		if res.StatusCode != c.code || !strings.Contains(body, c.text) || strings.Contains(body, "c4nary") {
			t.Errorf("%s: %s %s, want %d %s", name, res.Status, body, c.code, c.text)
		}
		if name != "large answer" && len(leader.got) > 0 {
			t.Errorf("%s: the leader was asked: %q", name, leader.got)
		}
	}
}

func TestASilentLeaderIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := roundTrip(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		f := &Forwarder{
			Leader: func() (string, bool, bool) { return "http://leader:1", false, true },
			Key:    func() []byte { return []byte("k") }, Client: &http.Client{Transport: silent},
		}
		w := httptest.NewRecorder()
		began := time.Now()
		if !f.Forward(w, httptest.NewRequest("POST", "/connectors", nil), nil) || w.Code != 500 || !strings.Contains(w.Body.String(), "Request timed out. leader:1") || time.Since(began) != limit {
			t.Error(w.Code, w.Body, time.Since(began))
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestGet(t *testing.T) {
	owner := start(t, "key", nil, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			fail(w, &Error{404, "Connector x not found"})
			return
		}
		if r.URL.Path == "/odd" {
			w.WriteHeader(502)
			return
		}
		_, _ = io.WriteString(w, "answer")
	})
	f := start(t, "key", owner, nil).forward
	body, err := f.Get(t.Context(), owner.URL, "/connectors/a%2Fb/explain?local=true")
	if err != nil || string(body) != "answer" || !strings.HasPrefix(owner.got[0], "GET /connectors/a%2Fb/explain?local=true") || !strings.Contains(owner.got[0], "signed=true role=viewer") {
		t.Error(string(body), err, owner.got)
	}
	for path, want := range map[string]Error{"/missing": {404, "Connector x not found"}, "/odd": {502, "HTTP 502 Bad Gateway"}} {
		_, err := f.Get(t.Context(), owner.URL, path)
		if e, ok := errors.AsType[*Error](err); !ok || *e != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if body, err = f.Post(t.Context(), owner.URL, "/items/7/retry?local=true"); err != nil || string(body) != "answer" {
		t.Error(string(body), err)
	}
	if last := owner.got[len(owner.got)-1]; !strings.HasPrefix(last, "POST /items/7/retry?local=true") || !strings.Contains(last, "signed=true role=operator") {
		t.Error(last)
	}
	f.Key = func() []byte { return []byte("other") }
	if _, err := f.Get(t.Context(), owner.URL, "/"); !errors.Is(err, error(err)) || err.Error() != errForged.Message {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Get(ctx, owner.URL, "/"); err == nil {
		t.Error("a cancelled call succeeds")
	}
}

// signedRequest is what a worker with key would send to http://leader:1 at the time now.
func signedRequest(t *testing.T, key string, c call, now time.Time) *http.Request {
	t.Helper()
	r := httptest.NewRequest(c.method, "http://leader:1"+c.target, bytes.NewReader(c.body))
	r.Header.Set(Header, newSignature(c, now).write([]byte(key), c))
	return r
}

func TestVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := call{method: "PUT", to: "http://leader:1", target: "/connectors/a/config?forward=true", role: "editor", body: []byte("{}")}
		now := time.Now()
		for name, c := range map[string]struct {
			make func() *http.Request
			body string
			want *Error
		}{
			"good":          {func() *http.Request { return signedRequest(t, "key", own, now) }, "{}", nil},
			"a minute old":  {func() *http.Request { return signedRequest(t, "key", own, now.Add(-window)) }, "{}", nil},
			"a minute fast": {func() *http.Request { return signedRequest(t, "key", own, now.Add(window)) }, "{}", nil},
			"old":           {func() *http.Request { return signedRequest(t, "key", own, now.Add(-window-time.Millisecond)) }, "{}", errOld},
			"future":        {func() *http.Request { return signedRequest(t, "key", own, now.Add(window+time.Millisecond)) }, "{}", errOld},
			"other key":     {func() *http.Request { return signedRequest(t, "kez", own, now) }, "{}", errForged},
			"other body":    {func() *http.Request { return signedRequest(t, "key", own, now) }, "{ }", errForged},
			"no body":       {func() *http.Request { return signedRequest(t, "key", own, now) }, "", errForged},
			"other method":  {func() *http.Request { r := signedRequest(t, "key", own, now); r.Method = "POST"; return r }, "{}", errForged},
			"other path": {func() *http.Request {
				r := signedRequest(t, "key", own, now)
				r.URL.Path = "/connectors/b/config"
				return r
			}, "{}", errForged},
			"other query":   {func() *http.Request { r := signedRequest(t, "key", own, now); r.URL.RawQuery = ""; return r }, "{}", errForged},
			"other worker":  {func() *http.Request { c := own; c.to = "http://w2:1"; return signedRequest(t, "key", c, now) }, "{}", errForged},
			"other role":    {changed(t, own, now, ";editor;", ";admin;"), "{}", errForged},
			"other time":    {changed(t, own, now, fmt.Sprint(now.UnixMilli()), fmt.Sprint(now.UnixMilli()+1)), "{}", errForged},
			"other version": {changed(t, own, now, "v1;", "v2;"), "{}", errForged},
			"cut":           {changed(t, own, now, ";editor", ""), "{}", errForged},
			"empty":         {func() *http.Request { r := signedRequest(t, "key", own, now); r.Header.Set(Header, ""); return r }, "{}", errForged},
			"two": {func() *http.Request {
				r := signedRequest(t, "key", own, now)
				r.Header.Add(Header, r.Header.Get(Header))
				return r
			}, "{}", errForged},
		} {
			f := &Forwarder{Key: func() []byte { return []byte("key") }, URL: func() string { return "http://leader:1/" }}
			role, signed, err := f.Verify(c.make(), []byte(c.body))
			if c.want == nil && (err != nil || role != "editor") || c.want != nil && (err != error(c.want) || role != "") || !signed {
				t.Errorf("%s: %q %t %v, want %v", name, role, signed, err, c.want)
			}
		}
	})
}

func changed(t *testing.T, c call, now time.Time, from, to string) func() *http.Request {
	return func() *http.Request {
		r := signedRequest(t, "key", c, now)
		r.Header.Set(Header, strings.Replace(r.Header.Get(Header), from, to, 1))
		return r
	}
}

func TestWithoutSignatureOrKey(t *testing.T) {
	f := &Forwarder{Key: func() []byte { return nil }}
	if role, signed, err := f.Verify(httptest.NewRequest("GET", "/", nil), nil); role != "" || signed || err != nil {
		t.Error(role, signed, err)
	}
	r := signedRequest(t, "", call{method: "GET", to: "http://leader:1", target: "/"}, time.Now())
	if _, signed, err := f.Verify(r, nil); !signed || err != error(errNoKey) {
		t.Error("a signature with an empty key:", signed, err)
	}
}

// A signature counts once, for as long as its time is good, and what is remembered of it is bounded.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &Forwarder{Key: func() []byte { return []byte("key") }}
		c := call{method: "GET", to: "http://leader:1", target: "/", role: "viewer"}
		r := signedRequest(t, "key", c, time.Now().Add(window)) // good for two minutes
		if _, _, err := f.Verify(r, nil); err != nil {
			t.Fatal(err)
		}
		for range 24 {
			if _, _, err := f.Verify(r, nil); err != error(errTwice) {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
		}
		time.Sleep(time.Millisecond)
		if _, _, err := f.Verify(r, nil); err != error(errOld) {
			t.Fatal(err)
		}
		var last error
		for range maxSeen + 1 {
			_, _, last = f.Verify(signedRequest(t, "key", c, time.Now()), nil)
		}
		if last != error(errMany) || len(f.seen.fresh) > maxSeen {
			t.Error(last, len(f.seen.fresh))
		}
		time.Sleep(2 * window)
		if _, _, err := f.Verify(signedRequest(t, "key", c, time.Now()), nil); err != nil || len(f.seen.fresh) != 1 {
			t.Error(err, len(f.seen.fresh))
		}
		time.Sleep(10 * window)
		if _, _, err := f.Verify(signedRequest(t, "key", c, time.Now()), nil); err != nil || f.seen.past != nil {
			t.Error(err, len(f.seen.past))
		}
	})
}

// For a minute after a new key was read the one before is good: another worker may lag behind.
func TestKeyRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := "one"
		f := &Forwarder{Key: func() []byte { return []byte(key) }}
		c := call{method: "GET", to: "http://leader:1", target: "/", role: "viewer"}
		expect := func(step, by string, want error) {
			t.Helper()
			if _, _, err := f.Verify(signedRequest(t, by, c, time.Now()), nil); err != want {
				t.Errorf("%s: %v, want %v", step, err, want)
			}
		}
		expect("first key", "one", nil)
		key = "two"
		expect("newest", "two", nil)
		expect("the one before", "one", nil)
		time.Sleep(window + time.Second)
		expect("later", "one", errForged)
		expect("newest, later", "two", nil)
		key = "three"
		expect("two before", "one", errForged)
		expect("one before", "two", nil)
	})
}

// Whatever the header: no panic, and what is taken for a signature is written the same way again.
func FuzzParseSignature(f *testing.F) {
	c := call{method: "GET", to: "http://leader:1", target: "/", role: "viewer"}
	f.Add(newSignature(c, time.UnixMilli(1)).write([]byte("key"), c))
	for _, text := range []string{"", ";;;;", "v1;1;;viewer;", "v1;-1;00000000000000000000000000000000;;AAAA"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSignature(text)
		if err != nil {
			return
		}
		verifier := &Forwarder{Key: func() []byte { return []byte("another") }}
		r := httptest.NewRequest("GET", "http://leader:1/", nil)
		r.Header.Set(Header, text)
		if _, _, err := verifier.Verify(r, nil); err != error(errForged) {
			t.Fatalf("%q is taken: %v", text, err)
		}
		if len(text) > maxHeader || strings.Contains(s.role, ";") {
			t.Fatalf("%q: %+v", text, s)
		}
	})
}
