package listener

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/api/access"
	"github.com/headwater/headwater/internal/api/forward"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
	next int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 1}
}

// pair makes a certificate and its key, in one text.
func (a *authority) pair(t *testing.T, name string, hosts ...string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a.next++
	form := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), DNSNames: hosts,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

func (a *authority) file(t *testing.T, name string, hosts ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+".pem")
	rewrite(t, file, a.pair(t, name, hosts...))
	return file
}

// trust writes the authority's own certificate into a file.
func (a *authority) trust(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trust.pem")
	rewrite(t, file, a.pem)
	return file
}

var clock = time.Unix(1e9, 0)

// rewrite makes sure that the change shows in the file's time.
func rewrite(t *testing.T, file, text string) {
	t.Helper()
	clock = clock.Add(time.Second)
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chtimes(file, clock, clock)); err != nil {
		t.Fatal(err)
	}
}

// look makes t look at its files at the next connection.
func (t *TLS) look() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.checked = time.Time{}
}

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// serve runs a real server until the test ends and returns its address and its log.
func serve(t *testing.T, c Config, h http.Handler) (string, *journal) {
	t.Helper()
	l, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := l.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told := &journal{}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(told, "", 0)}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(opened) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return opened.Addr().String(), told
}

// get makes one call over a connection of its own, and returns the server's certificate too.
func get(t *testing.T, address string, c *tls.Config, set func(*http.Request)) (status int, body string, serial int64, err error) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: c.Clone(), DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if set != nil {
		set(r)
	}
	res, err := transport.RoundTrip(r)
	if err != nil {
		return 0, "", 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), res.TLS.PeerCertificates[0].SerialNumber.Int64(), err
}

func (a *authority) client(t *testing.T, name string) *tls.Config {
	t.Helper()
	c := &tls.Config{RootCAs: x509.NewCertPool(), ClientSessionCache: tls.NewLRUClientSessionCache(8), MinVersion: tls.VersionTLS12}
	c.RootCAs.AddCert(a.cert)
	if name != "" {
		text := []byte(a.pair(t, name))
		pair, err := tls.X509KeyPair(text, text)
		if err != nil {
			t.Fatal(err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

// admitted answers with the caller's name and role, by rules about certificates.
func admitted(t *testing.T) http.Handler {
	t.Helper()
	a, err := access.New(access.Config{Rules: "CN=alice:operator"})
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e, ok := errors.AsType[*access.Error](a.Admit(r, access.Operator)); ok {
			http.Error(w, e.Message, e.Status)
			return
		}
		c, _ := a.Caller(r)
		fmt.Fprint(w, c.Name, " ", c.Role)
	})
}

func TestClientCertificates(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	strange := b.client(t, "alice")
	strange.RootCAs = a.client(t, "").RootCAs
	for _, c := range []struct {
		auth   string
		client *tls.Config
		who    string
		status int // 0: no connection
	}{
		{"none", a.client(t, ""), "nobody", 403},
		{"none", a.client(t, "alice"), "alice, not asked", 403},
		{"requested", a.client(t, ""), "nobody", 403},
		{"requested", a.client(t, "alice"), "alice", 200},
		{"requested", a.client(t, "eve"), "eve", 403},
		{"requested", strange, "alice of another authority", 0},
		{"required", a.client(t, ""), "nobody", 0},
		{"required", a.client(t, "alice"), "alice", 200},
		{"required", strange, "alice of another authority", 0},
	} {
		address, _ := serve(t, Config{
			Listener: "https://127.0.0.1:0", Guarded: true,
			TLS: &TLS{KeyFile: a.file(t, "worker", "localhost"), TrustFile: a.trust(t), ClientAuth: c.auth},
		}, admitted(t))
		status, body, _, err := get(t, address, c.client, nil)
		if status != c.status || (err == nil) != (c.status != 0) || status == 200 && body != "alice operator" {
			t.Errorf("%s, %s: %d %q %v", c.auth, c.who, status, body, err)
		}
	}
}

func TestOldTLSAndPlainHTTPAreRefused(t *testing.T) {
	a := newAuthority(t)
	address, told := serve(t, Config{Listener: "https://127.0.0.1:0", TLS: &TLS{KeyFile: a.file(t, "worker", "localhost")}}, http.NotFoundHandler())
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c := a.client(t, "")
		c.MinVersion, c.MaxVersion = version, version
		if _, _, _, err := get(t, address, c, nil); (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/c4nary", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("vera", "c4nary")
	res, err := new(http.Transport).RoundTrip(r)
	if err != nil || res.StatusCode != 400 {
		t.Fatal(res, err)
	}
	defer res.Body.Close()
	if text := told.String(); text == "" || strings.Contains(text, "c4nary") {
		t.Errorf("log: %q", text)
	}
}

func TestCertificatesAreReadAgain(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	s := &TLS{KeyFile: a.file(t, "worker", "localhost"), TrustFile: a.trust(t), ClientAuth: "required"}
	address, _ := serve(t, Config{Listener: "https://127.0.0.1:0", TLS: s, Guarded: true}, admitted(t))
	alice := a.client(t, "alice")
	expect := func(step string, status int) (serial int64) {
		t.Helper()
		s.look()
		got, _, serial, err := get(t, address, alice, nil)
		if got != status {
			t.Errorf("%s: %d %v", step, got, err)
		}
		return serial
	}
	first := expect("at first", 200)
	rewrite(t, s.KeyFile, a.pair(t, "worker", "localhost"))
	if second := expect("renewed", 200); second == first {
		t.Error("the old certificate is still shown")
	}
	rewrite(t, s.KeyFile, "half a fi")
	expect("broken key file", 200)
	rewrite(t, s.TrustFile, "")
	expect("empty trust file", 200)
	rewrite(t, s.KeyFile, a.pair(t, "worker", "localhost"))
	rewrite(t, s.TrustFile, b.pem)
	expect("other authority, with a session to resume", 0)
	rewrite(t, s.TrustFile, a.pem)
	expect("first authority again", 200)
}

// A call goes from one worker to the leader over TLS, by the trust store of both.
func TestForwardingOverTLS(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	key := []byte("session key")
	var self string
	leader := &forward.Forwarder{Key: func() []byte { return key }, URL: func() string { return self }}
	address, told := serve(t, Config{
		Listener: "https://127.0.0.1:0", Guarded: true,
		TLS: &TLS{KeyFile: a.file(t, "leader", "localhost"), TrustFile: a.trust(t), ClientAuth: "required"},
	}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		role, signed, err := leader.Verify(r, body)
		fmt.Fprint(w, role, " ", signed, " ", err, " ", string(body))
	}))
	self = "https://" + address
	for name, c := range map[string]struct {
		of    *TLS
		wants []string // in the answer; between two of them the HTTP client may name the step in which it failed
	}{
		"known":         {&TLS{KeyFile: a.file(t, "w1"), TrustFile: a.trust(t)}, []string{"editor true <nil> body"}},
		"other leader":  {&TLS{KeyFile: a.file(t, "w1"), TrustFile: b.trust(t)}, []string{"certificate signed by unknown authority"}},
		"strange to it": {&TLS{KeyFile: b.file(t, "w1"), TrustFile: a.trust(t)}, []string{"IO Error trying to forward REST request: ", "remote error: tls:"}},
	} {
		client := forward.NewClient(c.of.Client)
		f := &forward.Forwarder{
			Leader: func() (string, bool, bool) { return self, false, true }, Key: leader.Key, Client: client,
			Role: func(*http.Request) string { return "editor" }, URL: func() string { return "https://w1" },
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/connectors", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("vera", "c4nary")
		w := &answer{}
		if !f.Forward(w, r, []byte("body")) || strings.Contains(w.String(), "c4nary") {
			t.Errorf("%s: %s", name, w)
		}
		for _, want := range c.wants {
			if !strings.Contains(w.String(), want) {
				t.Errorf("%s: %s, want %q in it", name, w, want)
			}
		}
		client.CloseIdleConnections()
	}
	if text := told.String(); strings.Contains(text, "c4nary") || strings.Contains(text, string(key)) {
		t.Errorf("log: %q", text)
	}
}

// answer is an http.ResponseWriter that keeps the body.
type answer struct {
	bytes.Buffer
	header http.Header
}

func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

func (a *answer) WriteHeader(int) {}
