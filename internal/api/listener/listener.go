// Package listener opens the REST API's listener, for now on loopback alone, and tells its own names from those of others.
package listener

import (
	"context"
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

// Listener is the property listeners, taken apart.
type Listener struct{ text, host, port string }

// Parse reads the property: one http://host:port, Default when empty. The error is a *fault.Error.
func Parse(text string) (Listener, error) {
	if text == "" {
		text = Default
	}
	if strings.Contains(text, ",") {
		return Listener{}, refuse(text, errors.New("only one listener is supported yet"))
	}
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return Listener{}, refuse(text, errors.New("not of the form http://host:port"))
	case strings.EqualFold(u.Scheme, "https"):
		return Listener{}, refuse(text, errors.New("TLS is not supported yet"))
	case !strings.EqualFold(u.Scheme, "http") || u.Port() == "" || u.User != nil || strings.Trim(u.Path, "/") != "":
		return Listener{}, refuse(text, errors.New("not of the form http://host:port"))
	case u.Hostname() == "":
		return Listener{}, refuse(text, errors.New("an empty host means every interface, which needs TLS and auth, not yet supported"))
	}
	return Listener{text, u.Hostname(), u.Port()}, nil
}

func refuse(listener string, err error) error {
	return &fault.Error{
		Kind: fault.Fatal, Op: fmt.Sprintf("open listener %s", listener), Err: err,
		Hint: "set listeners to a loopback address, as in " + Default,
	}
}

// Listen binds to the first address of the host, IPv4 before IPv6, after making sure that all of them are loopback. The
// address that was checked is the one bound to; the name is not asked again.
func (l Listener) Listen(ctx context.Context) (net.Listener, error) {
	addr, err := l.resolve(ctx)
	if err != nil {
		return nil, refuse(l.text, err)
	}
	opened, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(addr.String(), l.port))
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Fatal, Op: fmt.Sprintf("open listener %s", l.text), Err: err,
			Hint: "is another worker running here? listeners can name another port",
		}
	}
	return netutil.LimitListener(opened, maxConnections), nil
}

func (l Listener) resolve(ctx context.Context) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", l.host)
	if err != nil {
		return netip.Addr{}, err
	}
	if len(addrs) == 0 {
		return netip.Addr{}, fmt.Errorf("%s has no address", l.host)
	}
	first := addrs[0].Unmap()
	for _, a := range addrs {
		if !a.Unmap().IsLoopback() {
			return netip.Addr{}, fmt.Errorf("%s (%s) is not a loopback address; others need TLS and auth, not yet supported", l.host, a)
		}
		if a.Unmap().Is4() && !first.Is4() {
			first = a.Unmap()
		}
	}
	return first, nil
}

// Local reports whether a Host header names this listener. A page of another site whose name was rebound to loopback
// sends its own name, and is refused by it.
func (l Listener) Local(header string) bool {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	// HTTP/1.0 probes send no Host at all; no browser does so.
	return host == "" || strings.EqualFold(host, "localhost") || strings.EqualFold(host, l.host)
}
