package source

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// loggerTo writes plain lines, at every level.
func loggerTo(w *strings.Builder) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// serveTLS starts an HTTPS server with a certificate of its own making.
func serveTLS(t *testing.T, http2 bool, h http.HandlerFunc) (*httptest.Server, *tls.Config) {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = http2
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s, &tls.Config{RootCAs: roots}
}

func TestTLS(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		var proto string
		s, trust := serveTLS(t, http2, func(w http.ResponseWriter, r *http.Request) {
			proto = r.Proto
			answer(200, `{"data":[1]}`)(w, r)
		})
		c := client(t, s.URL, func(s *setting) { s.TLS = trust })
		for range 2 {
			r, err := c.Fetch(t.Context(), get(t, s.URL))
			if err != nil || r.Records.Len() != 1 || r.Reason != "OK" {
				t.Fatalf("%+v %v", r, err)
			}
		}
		if want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[http2]; proto != want {
			t.Errorf("%s, want %s", proto, want)
		}
	}
}

func TestTLSRefuses(t *testing.T) {
	s, trust := serveTLS(t, false, answer(200, "[]"))
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	old := trust.Clone()
	old.MaxVersion = tls.VersionTLS10
	old.MinVersion = tls.VersionTLS10
	tests := map[string]struct {
		base, want string
		conf       *tls.Config
	}{
		"UnknownCA":  {s.URL, "certificate", nil},
		"WrongName":  {"https://localhost" + port, "certificate", trust},
		"PlainHTTP":  {strings.Replace(s.URL, "https", "http", 1), "400", trust},
		"OldVersion": {s.URL, "protocol version", old},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := client(t, test.base, func(s *setting) { s.TLS = test.conf })
			r, err := c.Fetch(t.Context(), get(t, test.base))
			if e := failed(t, r, err); !strings.Contains(e.Error(), test.want) {
				t.Error(e)
			}
		})
	}
}

// TestDowngradeOnTheWay: a hop over https must not lead back to http, not even to where we came from.
func TestDowngradeOnTheWay(t *testing.T) {
	var secure *httptest.Server
	home := listen(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secure.URL, http.StatusFound) })
	secure, trust := serveTLS(t, false, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, home.URL+"/end", http.StatusFound)
	})
	c := client(t, home.URL, func(s *setting) { s.TLS, s.Connector.Whitelist = trust, []string{"127.0.0.1"} })
	r, err := c.Fetch(t.Context(), get(t, home.URL))
	if e := failed(t, r, err); !strings.Contains(e.Error(), "from https to http") || len(home.requests()) != 1 {
		t.Errorf("%v; %d requests", e, len(home.requests()))
	}
}

// TestNoEnvironmentProxy: HTTP_PROXY and its like are not for us.
func TestNoEnvironmentProxy(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	s := serve(t, answer(200, "[]"))
	if _, err := client(t, s.URL).Fetch(t.Context(), get(t, s.URL)); err != nil {
		t.Error(err)
	}
}
