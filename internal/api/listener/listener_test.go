package listener

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/fault"
)

func TestOnlyLoopbackIsOpened(t *testing.T) {
	for text, want := range map[string]string{
		"https://127.0.0.1:0":                    "TLS is not supported yet",
		"http://:8083":                           "every interface, which needs TLS and auth",
		"http://0.0.0.0:0":                       "not a loopback address; others need TLS and auth",
		"http://[::]:0":                          "not a loopback address",
		"http://192.0.2.1:0":                     "not a loopback address",
		"http://127.0.0.1":                       "form http://host:port",
		"127.0.0.1:8083":                         "form http://host:port",
		"http://u:p@127.0.0.1:0":                 "form http://host:port",
		"http://127.0.0.1:0/x":                   "form http://host:port",
		"http://127.0.0.1:0,https://127.0.0.1:0": "only one listener",
		"http://127.0.0.1:0":                     "",
		"HTTP://localhost:0":                     "",
		"http://127.0.0.2:0/":                    "",
		"http://[::ffff:127.0.0.1]:0":            "",
		"http://\x7f:0":                          "form http://host:port",
		"http://127.0.0.1:notaport":              "form http://host:port",
		"http://no-such-host.invalid.:0":         "no-such-host.invalid",
	} {
		err := open(t, text)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || !strings.Contains(err.Error(), want) || !strings.Contains(f.Hint, "listeners") {
			t.Errorf("%s: %v, want a fault with %q and a hint", text, err, want)
		}
	}
}

func open(t *testing.T, text string) error {
	l, err := Parse(text)
	if err != nil {
		return err
	}
	opened, err := l.Listen(t.Context())
	if err != nil {
		return err
	}
	defer opened.Close()
	if host, _, _ := net.SplitHostPort(opened.Addr().String()); !net.ParseIP(host).IsLoopback() {
		t.Errorf("%s: listens on %s", text, opened.Addr())
	}
	return nil
}
