package access

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
)

// quick is Hash with the fewest rounds that are taken.
func quick(t testing.TB, password string) string {
	t.Helper()
	text, err := hashOf(password, minRounds)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func made(t testing.TB, c Config) *Access {
	t.Helper()
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func staff(t testing.TB) Config {
	return Config{
		Users:  connector.NewSecret("vera:" + quick(t, "see:1") + ":viewer\n# a comment: with colons\n otto:" + quick(t, "run") + ":operator,edda:" + quick(t, "edit") + ":EDITOR"),
		Tokens: connector.NewSecret("ci:" + HashToken("t0ken") + ":admin"),
		Log:    slog.New(slog.DiscardHandler),
	}
}

func request(set func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/connectors", nil)
	if set != nil {
		set(r)
	}
	return r
}

func basic(user, password string) *http.Request {
	return request(func(r *http.Request) { r.SetBasicAuth(user, password) })
}

func header(values ...string) *http.Request {
	return request(func(r *http.Request) { r.Header["Authorization"] = values })
}

func status(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	if err != nil {
		return -1
	}
	return 200
}

// Every kind of caller against every role that a call can need.
func TestWhoMayDoWhat(t *testing.T) {
	a := made(t, staff(t))
	for name, c := range map[string]struct {
		make func() *http.Request
		want [5]int // Open, Viewer, Operator, Editor, Admin
	}{
		"nobody":        {func() *http.Request { return request(nil) }, [5]int{200, 401, 401, 401, 401}},
		"viewer":        {func() *http.Request { return basic("vera", "see:1") }, [5]int{200, 200, 403, 403, 403}},
		"operator":      {func() *http.Request { return basic("otto", "run") }, [5]int{200, 200, 200, 403, 403}},
		"editor":        {func() *http.Request { return basic("edda", "edit") }, [5]int{200, 200, 200, 200, 403}},
		"admin":         {func() *http.Request { return header("bearer  t0ken") }, [5]int{200, 200, 200, 200, 200}},
		"vouched":       {func() *http.Request { return As(request(nil), Caller{"w1", Operator}) }, [5]int{200, 200, 200, 403, 403}},
		"vouched, none": {func() *http.Request { return As(header("Bearer t0ken"), Caller{"w1", Open}) }, [5]int{200, 403, 403, 403, 403}},
		"two headers":   {func() *http.Request { return header("Bearer t0ken", "Bearer t0ken") }, [5]int{200, 401, 401, 401, 401}},
		"other scheme":  {func() *http.Request { return header("Digest t0ken") }, [5]int{200, 401, 401, 401, 401}},
		"empty header":  {func() *http.Request { return header("") }, [5]int{200, 401, 401, 401, 401}},
	} {
		for needed, want := range c.want {
			if got := status(a.Admit(c.make(), Role(needed))); got != want {
				t.Errorf("%s for %s: %d, want %d", name, Role(needed), got, want)
			}
		}
	}
}

// What is wrong with credentials does not show: neither in the words nor in the headers.
func TestWrongCredentialsLookAlike(t *testing.T) {
	var want *Error
	for name, r := range map[string]*http.Request{
		"password": basic("vera", "c4nary"), "user": basic("c4nary", "see:1"), "role's name": basic("viewer", "viewer"),
		"other's password": basic("vera", "run"), "empty": basic("", ""), "no password": basic("vera", ""),
		"long": basic("vera", strings.Repeat("x", 5000)), "not base64": header("Basic c4nary"), "no colon": header("Basic " + base64.StdEncoding.EncodeToString([]byte("vera"))),
		"hash as password": basic("vera", quick(t, "see:1")), "token": header("Bearer c4nary"), "no token": header("Bearer "),
		"hash as token": header("Bearer " + HashToken("t0ken")), "user's token": header("Bearer see:1"),
	} {
		err := made(t, staff(t)).Admit(r, Viewer)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Status != 401 || strings.Contains(e.Message, "c4nary") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want == nil {
			want = e
		}
		if !reflect.DeepEqual(e, want) {
			t.Errorf("%s: %+v, others %+v", name, e, want)
		}
	}
	h := http.Header{}
	want.SetHeader(h)
	if got := h.Values("WWW-Authenticate"); len(got) != 2 || !strings.HasPrefix(got[0], "Basic ") || !strings.HasPrefix(got[1], "Bearer ") {
		t.Error(got)
	}
}

func TestWithoutCredentialsOfAnyKind(t *testing.T) {
	for _, c := range []struct {
		anonymous Role
		want      int
		guards    bool
		users     string
	}{{Open, 200, false, ""}, {Viewer, 403, false, ""}, {Viewer, 401, true, " "}, {Admin, 200, true, " "}} {
		a := made(t, Config{Anonymous: c.anonymous, Users: connector.NewSecret(c.users)})
		err := a.Admit(request(nil), Admin)
		if status(err) != c.want || a.Guards() != c.guards {
			t.Errorf("%+v: %v, guards %t", c, err, a.Guards())
		}
		if err := a.Admit(request(nil), Viewer); status(err) != 200 {
			t.Errorf("%+v: %v", c, err)
		}
	}
	// A browser's habit must not lock anybody out of a worker on loopback.
	if err := made(t, Config{}).Admit(basic("a", "b"), Admin); err != nil {
		t.Error(err)
	}
}

func TestAProvedPasswordIsNotWorkedOutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := made(t, staff(t))
		if err := a.Admit(basic("vera", "see:1"), Viewer); err != nil {
			t.Fatal(err)
		}
		for range maxChecks {
			a.passwords.turns <- struct{}{} // nobody can check a password now
		}
		if err := a.Admit(basic("vera", "see:1"), Viewer); err != nil {
			t.Error(err)
		}
		began := time.Now()
		err := a.Admit(basic("otto", "run"), Viewer)
		if e, ok := errors.AsType[*Error](err); !ok || e.Status != 503 || e.RetryAfter == 0 || time.Since(began) != maxWait {
			t.Error(err, time.Since(began))
		}
		<-a.passwords.turns
		if err := a.Admit(basic("otto", "run"), Viewer); err != nil {
			t.Error(err)
		}
	})
}

func TestAnAddressThatGuessesIsHeldOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := made(t, staff(t))
		from := func(address string, r *http.Request) *http.Request { r.RemoteAddr = address; return r }
		if err := a.Admit(from("10.0.0.1:1", basic("otto", "run")), Viewer); err != nil {
			t.Fatal(err)
		}
		tried, began := 0, time.Now()
		for range 1000 {
			err := a.Admit(from("10.0.0.1:2", basic("vera", "wrong")), Viewer)
			switch e, _ := errors.AsType[*Error](err); e.Status {
			case 401:
				tried++
			case 429:
				if e.RetryAfter < time.Second || e.RetryAfter > longestWait {
					t.Fatal(e.RetryAfter)
				}
				time.Sleep(time.Second)
			}
		}
		if spent := time.Since(began); tried > 60 || spent < 900*time.Second {
			t.Errorf("%d passwords tried in %s", tried, spent)
		}
		for name, c := range map[string]struct {
			r    *http.Request
			want int
		}{
			"same address, not proved":    {from("10.0.0.1:3", basic("edda", "edit")), 429},
			"same address, proved before": {from("10.0.0.1:4", basic("otto", "run")), 200},
			"same address, token":         {from("10.0.0.1:5", header("Bearer t0ken")), 200},
			"same address, wrong token":   {from("10.0.0.1:6", header("Bearer x")), 429},
			"same address, no password":   {from("10.0.0.1:7", request(nil)), 401},
			"other address":               {from("10.0.0.2:1", basic("vera", "see:1")), 200},
		} {
			if got := status(a.Admit(c.r, Viewer)); got != c.want {
				t.Errorf("%s: %d, want %d", name, got, c.want)
			}
		}
		time.Sleep(forgotten + time.Second)
		if err := a.Admit(from("10.0.0.1:8", basic("edda", "edit")), Viewer); err != nil {
			t.Error(err)
		}
	})
}

func TestAddressesAreBounded(t *testing.T) {
	f := newFailures()
	for i := range maxAddresses + 500 {
		f.begin(fmt.Sprint(i))
	}
	if len(f.at) > maxAddresses || f.at[fmt.Sprint(maxAddresses+499)] == nil {
		t.Error(len(f.at))
	}
	for text, want := range map[string]string{
		"10.0.0.1:9": "10.0.0.1", "[::ffff:10.0.0.1]:9": "10.0.0.1", "[2001:db8::1]:9": "2001:db8::/64",
		"[2001:db8::ffff:1]:9": "2001:db8::/64", "[fe80::1%eth0]:9": "fe80::/64", "[::1]:9": "::1", "@": "@",
	} {
		if got := address(request(func(r *http.Request) { r.RemoteAddr = text })); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestFilesAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		file := filepath.Join(t.TempDir(), "users")
		state := time.Unix(1e9, 0)
		write := func(text string) {
			t.Helper()
			state = state.Add(time.Second)
			if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chtimes(file, state, state)); err != nil {
				t.Fatal(err)
			}
		}
		write("\ufeffvera:" + quick(t, "one") + ":viewer\r\n")
		a := made(t, Config{UsersFile: file, Log: slog.New(slog.NewTextHandler(&log, nil))})
		expect := func(step, password string, want int) {
			t.Helper()
			r := basic("vera", password)
			r.RemoteAddr = step + ":1"
			if got := status(a.Admit(r, Viewer)); got != want {
				t.Errorf("%s: %d, want %d", step, got, want)
			}
		}
		expect("at first", "one", 200)
		write("vera:" + quick(t, "two") + ":viewer\n")
		expect("within a second", "one", 200)
		time.Sleep(recheck)
		expect("old password", "one", 401)
		expect("new password", "two", 200)
		write("vera:c4nary")
		time.Sleep(recheck)
		expect("broken file", "two", 200)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		time.Sleep(recheck)
		expect("no file", "two", 200)
		write("# nobody\n")
		time.Sleep(recheck)
		expect("empty file", "two", 401)
		if text := log.String(); strings.Contains(text, "c4nary") || strings.Count(text, "stays as it was") != 2 || strings.Count(text, "anew") != 2 {
			t.Error(text)
		}
	})
}

// Whatever is wrong with what is kept, the message names the place and nothing that stands there.
func TestFaultsNameTheirPlace(t *testing.T) {
	good := quick(t, "c4nary-password")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("\nc4nary"), 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	both := filepath.Join(t.TempDir(), "both")
	if err := os.WriteFile(both, []byte("a:"+good+":viewer"), 0o600); err != nil {
		t.Fatal(err)
	}
	users := func(text string) Config { return Config{Users: connector.NewSecret(text)} }
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"form":           {users("c4nary"), "rest.auth.users: line 1: not of the form"},
		"second line":    {users("a:" + good + ":viewer\n#x\nc4nary:" + good), "rest.auth.users: line 3: not of the form"},
		"name":           {users("c4nary/:" + good + ":viewer"), "the name is not"},
		"no name":        {users(":" + good + ":viewer"), "the name is not"},
		"role":           {users("a:" + good + ":c4nary"), "the role is none"},
		"role none":      {users("a:" + good + ":none"), "the role is none"},
		"plain password": {users("a:c4nary:viewer"), "the hash is not of the form"},
		"other scheme":   {users("a:$2y$10$c4nary:viewer"), "the hash is not of the form"},
		"few rounds":     {users("a:" + strings.Replace(good, "$10000$", "$999$", 1) + ":viewer"), "rounds"},
		"many rounds":    {users("a:" + strings.Replace(good, "$10000$", "$99999999$", 1) + ":viewer"), "rounds"},
		"salt":           {users("a:pbkdf2-sha256$10000$c4$" + strings.Repeat("A", 43) + ":viewer"), "salt"},
		"key":            {users("a:pbkdf2-sha256$10000$AAAAAAAAAAAAAAAA$c4nary:viewer"), "key"},
		"twice":          {users("a:" + good + ":viewer a:" + good + ":admin"), "there already"},
		"too many":       {users(many(good)), "more than 1000"},
		"token":          {Config{Tokens: connector.NewSecret("ci:c4nary:viewer")}, "rest.auth.tokens: line 1: the hash is not a SHA-256"},
		"file":           {Config{TokensFile: file}, "rest.auth.tokens.file: line 2: not of the form"},
		"no file":        {Config{UsersFile: file + "x"}, "rest.auth.basic.users.file: open"},
		"large file":     {Config{UsersFile: large}, "larger than 1 MiB"},
		"in both":        {Config{UsersFile: both, Users: connector.NewSecret("a:" + good + ":viewer")}, "too"},
		"rule":           {Config{Rules: "CN=a:viewer; c4nary"}, "rest.auth.mtls.rules: rule 2: not of the form"},
		"rule's role":    {Config{Rules: "CN=a"}, "rule 1: not of the form"},
		"attribute":      {Config{Rules: "c4nary=a:viewer"}, "attribute"},
		"wildcard":       {Config{Rules: "CN=*.c4nary:viewer"}, "whole first label"},
		"wildcard in":    {Config{Rules: "DNS=a*.c4nary:viewer"}, "whole first label"},
	} {
		_, err := New(c.config)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || !strings.Contains(err.Error(), c.want) || f.Hint == "" || strings.Contains(err.Error(), "c4nary") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func many(hash string) string {
	var text strings.Builder
	for i := range maxEntries + 1 {
		fmt.Fprintf(&text, "u%d:%s:viewer\n", i, hash)
	}
	return text.String()
}

func TestCertificates(t *testing.T) {
	a := made(t, Config{Rules: "CN=alice:viewer;OU=ops:operator\nDNS=*.ci.example.com:editor; URI=spiffe://cluster/ns/a:admin ; email=Bob@example.com:viewer;;"})
	uri, _ := url.Parse("spiffe://cluster/ns/a")
	for name, c := range map[string]struct {
		leaf     x509.Certificate
		verified bool
		want     Caller
	}{
		"name":            {x509.Certificate{Subject: pkix.Name{CommonName: "alice"}}, true, Caller{"alice", Viewer}},
		"name and unit":   {x509.Certificate{Subject: pkix.Name{CommonName: "alice", OrganizationalUnit: []string{"x", "ops"}}}, true, Caller{"alice", Operator}},
		"other case":      {x509.Certificate{Subject: pkix.Name{CommonName: "Alice"}}, true, Caller{}},
		"DNS":             {x509.Certificate{DNSNames: []string{"Runner.CI.example.com"}}, true, Caller{"Runner.CI.example.com", Editor}},
		"two labels":      {x509.Certificate{DNSNames: []string{"a.b.ci.example.com"}}, true, Caller{}},
		"bare domain":     {x509.Certificate{DNSNames: []string{"ci.example.com"}}, true, Caller{}},
		"URI":             {x509.Certificate{URIs: []*url.URL{uri}}, true, Caller{"spiffe://cluster/ns/a", Admin}},
		"email":           {x509.Certificate{EmailAddresses: []string{"bob@example.com"}}, true, Caller{"bob@example.com", Viewer}},
		"unknown":         {x509.Certificate{Subject: pkix.Name{CommonName: "eve"}}, true, Caller{}},
		"not verified":    {x509.Certificate{Subject: pkix.Name{CommonName: "alice"}}, false, Caller{}},
		"nothing in it":   {x509.Certificate{}, true, Caller{}},
		"DNS in the name": {x509.Certificate{Subject: pkix.Name{CommonName: "x.ci.example.com"}}, true, Caller{}},
	} {
		r := request(func(r *http.Request) { r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{&c.leaf}} })
		if c.verified {
			r.TLS.VerifiedChains = [][]*x509.Certificate{{&c.leaf}}
		}
		if got, err := a.Caller(r); err != nil || got != c.want {
			t.Errorf("%s: %+v %v, want %+v", name, got, err, c.want)
		}
	}
	if err := a.Admit(request(nil), Viewer); status(err) != 403 || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}

func TestHash(t *testing.T) {
	text, err := Hash("see")
	if err != nil {
		t.Fatal(err)
	}
	h, err := parsePassword(text)
	if err != nil || h.rounds != rounds || !h.is("see") || strings.ContainsAny(text, ": ,") {
		t.Error(text, err)
	}
	one, other := quick(t, "see"), quick(t, "see")
	if h, err := parsePassword(one); err != nil || h.is("se") || h.is("see ") || one == other {
		t.Error("another password is taken, or the salt is the same twice", err)
	}
	for _, bad := range []string{"", strings.Repeat("x", maxPassword+1)} {
		if _, err := Hash(bad); err == nil {
			t.Errorf("%d bytes are taken", len(bad))
		}
	}
	if sum := sha256.Sum256([]byte("t")); HashToken("t") != fmt.Sprintf("%x", sum) {
		t.Error(HashToken("t"))
	}
}

func TestRoles(t *testing.T) {
	for role := Open; role <= Admin; role++ {
		if got, ok := ParseRole(strings.ToUpper(role.String())); !ok || got != role {
			t.Error(role, got)
		}
	}
	if _, ok := ParseRole("root"); ok || Role(9).String() != "none" {
		t.Error("roles that there are not")
	}
}
