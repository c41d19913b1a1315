package api

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
	defaultListener = "http://127.0.0.1:8083"
	// maxConnections bounds open connections, idle ones too; further ones wait in the kernel's queue.
	maxConnections = 256
	lookupTimeout  = 5 * time.Second
)

// endpoint is a listener property taken apart.
type endpoint struct{ text, host, port string }

func parseListener(text string) (endpoint, error) {
	if text == "" {
		text = defaultListener
	}
	if strings.Contains(text, ",") {
		return endpoint{}, refuse(text, errors.New("only one listener is supported yet"))
	}
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return endpoint{}, refuse(text, errors.New("not of the form http://host:port"))
	case strings.EqualFold(u.Scheme, "https"):
		return endpoint{}, refuse(text, errors.New("TLS is not supported yet"))
	case !strings.EqualFold(u.Scheme, "http") || u.Port() == "" || u.User != nil || strings.Trim(u.Path, "/") != "":
		return endpoint{}, refuse(text, errors.New("not of the form http://host:port"))
	case u.Hostname() == "":
		return endpoint{}, refuse(text, errors.New("an empty host means every interface, which needs TLS and auth, not yet supported"))
	}
	return endpoint{text, u.Hostname(), u.Port()}, nil
}

func refuse(listener string, err error) error {
	return &fault.Error{
		Kind: fault.Fatal, Op: fmt.Sprintf("open listener %s", listener), Err: err,
		Hint: "set listeners to a loopback address, as in " + defaultListener,
	}
}

// listen binds to the first address of the host, IPv4 before IPv6, after making sure that all of them are loopback. The
// address that was checked is the one bound to; the name is not asked again.
func (e endpoint) listen(ctx context.Context) (net.Listener, error) {
	addr, err := e.resolve(ctx)
	if err != nil {
		return nil, refuse(e.text, err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(addr.String(), e.port))
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Fatal, Op: fmt.Sprintf("open listener %s", e.text), Err: err,
			Hint: "is another worker running here? listeners can name another port",
		}
	}
	return netutil.LimitListener(l, maxConnections), nil
}

func (e endpoint) resolve(ctx context.Context) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", e.host)
	if err != nil {
		return netip.Addr{}, err
	}
	if len(addrs) == 0 {
		return netip.Addr{}, fmt.Errorf("%s has no address", e.host)
	}
	first := addrs[0].Unmap()
	for _, a := range addrs {
		if !a.Unmap().IsLoopback() {
			return netip.Addr{}, fmt.Errorf("%s (%s) is not a loopback address; others need TLS and auth, not yet supported", e.host, a)
		}
		if a.Unmap().Is4() && !first.Is4() {
			first = a.Unmap()
		}
	}
	return first, nil
}

// local reports whether a Host header names this listener. A page of another site whose name was rebound to loopback
// sends its own name, and is refused by it.
func (e endpoint) local(header string) bool {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	// HTTP/1.0 probes send no Host at all; no browser does so.
	return host == "" || strings.EqualFold(host, "localhost") || strings.EqualFold(host, e.host)
}
