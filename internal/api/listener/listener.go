// Package listener opens the REST API's listener: plain HTTP on loopback, anything else only with TLS and authentication.
package listener

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/headwater/headwater/internal/fault"
)

const (
	// Default is the property's value when it is not set.
	Default = "http://127.0.0.1:8083"
	// maxConnections bounds open connections, idle ones too; further ones wait in the kernel's queue.
	maxConnections = 256
	lookupTimeout  = 5 * time.Second
)

// Config says where to listen and for whom.
type Config struct {
	// Listener is the property listeners: one http://host:port or https://host:port. No host means every interface. Default
	// Default.
	Listener string
	// TLS is the certificate of an https listener; it must be nil for http.
	TLS *TLS
	// Guarded says that callers must identify themselves. Without it, or without TLS, only loopback is opened.
	Guarded bool
	// Names are other names by which this worker is called, as its advertised host.
	Names []string
}

// Listener is a Config, taken apart.
type Listener struct {
	text, host, port string
	tls              *TLS
	guarded          bool
	names            []string
}

// New checks the form and the certificates; nothing is opened. The error is a *fault.Error.
func New(c Config) (Listener, error) {
	if c.Listener == "" {
		c.Listener = Default
	}
	u, err := parse(c.Listener)
	if err != nil {
		return Listener{}, refuse(c.Listener, err)
	}
	l := Listener{
		text: c.Listener, host: u.Hostname(), port: u.Port(), tls: c.TLS, guarded: c.Guarded, names: append(c.Names, u.Hostname()),
	}
	switch secure := strings.EqualFold(u.Scheme, "https"); {
	case secure && c.TLS == nil:
		return Listener{}, refuse(c.Listener, errors.New("https needs a certificate: listeners.https.ssl.keystore.* is not set"))
	case !secure && c.TLS != nil:
		return Listener{}, refuse(c.Listener, errors.New("http has no use for a certificate; write https"))
	case l.host == "" && !l.open():
		return Listener{}, refuse(c.Listener, errors.New("an empty host means every interface, "+l.missing()))
	}
	if l.tls != nil {
		if err := l.tls.load(); err != nil {
			return Listener{}, refuse(c.Listener, err)
		}
	}
	return l, nil
}

// Parse is New for plain HTTP on loopback.
func Parse(text string) (Listener, error) { return New(Config{Listener: text}) }

func parse(text string) (*url.URL, error) {
	if strings.Contains(text, ",") {
		return nil, errors.New("only one listener is supported yet")
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Port() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" ||
		!strings.EqualFold(u.Scheme, "http") && !strings.EqualFold(u.Scheme, "https") {
		return nil, errors.New("not of the form http://host:port or https://host:port")
	}
	return u, nil
}

func refuse(listener string, err error) error {
	return &fault.Error{
		Kind: fault.Fatal, Op: fmt.Sprintf("open listener %s", listener), Err: err,
		Hint: "set listeners to a loopback address, as in " + Default + ", or to https with listeners.https.ssl.* and rest.auth.*",
	}
}

// open reports whether others than this machine may come.
func (l Listener) open() bool { return l.tls != nil && l.guarded }

// missing says what others would need to come.
func (l Listener) missing() string {
	switch {
	case l.tls == nil && !l.guarded:
		return "which needs TLS (https, listeners.https.ssl.*) and authentication (rest.auth.*); both are missing"
	case l.tls == nil:
		return "which needs TLS (https, listeners.https.ssl.*)"
	}
	return "which needs authentication (rest.auth.*)"
}

// Listen binds to the first address of the host, IPv4 before IPv6. Unless callers identify themselves over TLS, it first
// makes sure that all addresses are loopback; the address that was checked is the one bound to, the name is not asked
// again. What it accepts are TLS connections when there is a certificate. The error is a *fault.Error.
func (l Listener) Listen(ctx context.Context) (net.Listener, error) {
	host, err := l.bind(ctx)
	if err != nil {
		return nil, refuse(l.text, err)
	}
	opened, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, l.port))
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Fatal, Op: fmt.Sprintf("open listener %s", l.text), Err: err,
			Hint: "is another worker running here? listeners can name another port",
		}
	}
	opened = netutil.LimitListener(opened, maxConnections)
	if l.tls != nil {
		opened = tls.NewListener(opened, l.tls.server())
	}
	return opened, nil
}

func (l Listener) bind(ctx context.Context) (string, error) {
	if l.host == "" {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", l.host)
	if err != nil {
		return "", err
	}
	if len(addrs) == 0 {
		return "", fmt.Errorf("%s has no address", l.host)
	}
	first := addrs[0].Unmap()
	for _, a := range addrs {
		if !a.Unmap().IsLoopback() && !l.open() {
			return "", fmt.Errorf("%s (%s) is not a loopback address, %s", l.host, a, l.missing())
		}
		if a.Unmap().Is4() && !first.Is4() {
			first = a.Unmap()
		}
	}
	return first.String(), nil
}

// Local reports whether a Host header may name this listener. A page of another site whose name was rebound to loopback
// sends its own name, and is refused by it. Where callers identify themselves over TLS any name will do: a page of another
// site has neither the certificate for its name nor credentials.
func (l Listener) Local(header string) bool {
	if l.open() {
		return true
	}
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	if host == "" || strings.EqualFold(host, "localhost") { // HTTP/1.0 probes send no Host at all; no browser does so
		return true
	}
	for _, name := range l.names {
		if strings.EqualFold(host, name) {
			return true
		}
	}
	return false
}
