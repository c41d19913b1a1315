package listener

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
)

func TestOnlyLoopbackIsOpenedToAnybody(t *testing.T) {
	for text, want := range map[string]string{
		"https://127.0.0.1:0":                    "https needs a certificate",
		"http://:8083":                           "every interface, which needs TLS (https, listeners.https.ssl.*) and authentication (rest.auth.*); both are missing",
		"http://0.0.0.0:0":                       "not a loopback address, which needs TLS (https",
		"http://[::]:0":                          "not a loopback address",
		"http://192.0.2.1:0":                     "not a loopback address",
		"http://127.0.0.1":                       "form http://host:port",
		"127.0.0.1:8083":                         "form http://host:port",
		"http://u:p@127.0.0.1:0":                 "form http://host:port",
		"http://127.0.0.1:0/x":                   "form http://host:port",
		"http://127.0.0.1:0?x":                   "form http://host:port",
		"ftp://127.0.0.1:0":                      "form http://host:port",
		"http://127.0.0.1:0,https://127.0.0.1:0": "only one listener",
		"http://127.0.0.1:0":                     "",
		"HTTP://localhost:0":                     "",
		"http://127.0.0.2:0/":                    "",
		"http://[::ffff:127.0.0.1]:0":            "",
		"http://\x7f:0":                          "form http://host:port",
		"http://127.0.0.1:notaport":              "form http://host:port",
		"http://no-such-host.invalid.:0":         "no-such-host.invalid",
	} {
		expect(t, text, Config{Listener: text}, want)
	}
}

func TestOthersNeedTLSAndAuthentication(t *testing.T) {
	a := newAuthority(t)
	pair := a.file(t, "worker", "localhost")
	tls := func() *TLS { return &TLS{KeyFile: pair} }
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"both":                {Config{Listener: "https://0.0.0.0:0", TLS: tls(), Guarded: true}, ""},
		"both, every":         {Config{Listener: "HTTPS://:0", TLS: tls(), Guarded: true}, ""},
		"TLS on loopback":     {Config{Listener: "https://127.0.0.1:0", TLS: tls()}, ""},
		"TLS alone":           {Config{Listener: "https://0.0.0.0:0", TLS: tls()}, "which needs authentication (rest.auth.*)"},
		"TLS alone, every":    {Config{Listener: "https://:0", TLS: tls()}, "which needs authentication (rest.auth.*)"},
		"auth alone":          {Config{Listener: "http://0.0.0.0:0", Guarded: true}, "which needs TLS (https"},
		"auth alone, every":   {Config{Listener: "http://:0", Guarded: true}, "which needs TLS (https"},
		"certificate in vain": {Config{Listener: "http://127.0.0.1:0", TLS: tls()}, "no use for a certificate"},
	} {
		expect(t, name, c.config, c.want)
	}
}

func TestCertificatesAreLookedAtFirst(t *testing.T) {
	a := newAuthority(t)
	pair := a.file(t, "worker", "localhost")
	other := filepath.Join(t.TempDir(), "c4nary.txt")
	if err := os.WriteFile(other, []byte("c4nary-inside"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		tls  *TLS
		want string
	}{
		"no file":       {&TLS{KeyFile: other + "x"}, "keystore.location: open"},
		"no PEM":        {&TLS{KeyFile: other}, "keystore: tls: failed to find any PEM data"},
		"bad key":       {&TLS{ChainPEM: a.pem, KeyPEM: connector.NewSecret("c4nary-inside")}, "keystore: tls:"},
		"nothing":       {&TLS{}, "keystore: tls:"},
		"no trust file": {&TLS{KeyFile: pair, TrustFile: other + "x"}, "truststore.location: open"},
		"no trust":      {&TLS{KeyFile: pair, TrustFile: other}, "truststore: no certificate"},
		"bad trust":     {&TLS{KeyFile: pair, TrustPEM: "c4nary-inside"}, "truststore: no certificate"},
		"empty trust":   {&TLS{KeyFile: pair, TrustFile: empty}, "truststore: no certificate"},
		"anybody":       {&TLS{KeyFile: pair, ClientAuth: "requested"}, "client.auth needs"},
	} {
		err := expect(t, name, Config{Listener: "https://127.0.0.1:0", TLS: c.tls}, c.want)
		if err != nil && strings.Contains(err.Error(), "c4nary-inside") {
			t.Errorf("%s: what is in the file shows: %v", name, err)
		}
	}
}

func expect(t *testing.T, name string, c Config, want string) error {
	t.Helper()
	err := open(t, c)
	if want == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return err
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || !strings.Contains(err.Error(), want) || !strings.Contains(f.Hint, "listeners") {
		t.Errorf("%s: %v, want a fault with %q and a hint", name, err, want)
	}
	return err
}

func open(t *testing.T, c Config) error {
	l, err := New(c)
	if err != nil {
		return err
	}
	opened, err := l.Listen(t.Context())
	if err != nil {
		return err
	}
	defer opened.Close()
	if host, _, _ := net.SplitHostPort(opened.Addr().String()); !net.ParseIP(host).IsLoopback() && (c.TLS == nil || !c.Guarded) {
		t.Errorf("%s: listens on %s", c.Listener, opened.Addr())
	}
	return nil
}

func TestNamesOfTheWorker(t *testing.T) {
	plain, err := New(Config{Listener: "http://worker-one:8083", Names: []string{"w1.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"localhost:1": true, "127.0.0.1": true, "[::1]:1": true, "": true, "Worker-One:1": true, "W1.example.com": true,
		"evil.example": false, "10.0.0.1:1": false, "worker-one.evil.example": false,
	} {
		if plain.Local(host) != want {
			t.Errorf("%s: %t", host, !want)
		}
	}
	guarded, err := New(Config{Listener: "https://127.0.0.1:0", TLS: &TLS{KeyFile: newAuthority(t).file(t, "w", "localhost")}, Guarded: true})
	if err != nil || !guarded.Local("any.example") {
		t.Error(err)
	}
}
