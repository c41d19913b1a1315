package forward

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

const (
	dialTimeout = 5 * time.Second
	maxConns    = 64
)

// NewClient returns a client for calls between workers: no proxy, no redirects, bounded connections. config, which may be
// nil, is asked for at each new TLS connection, so that renewed certificates count.
func NewClient(config func() (*tls.Config, error)) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	t := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTimeout, MaxConnsPerHost: maxConns, MaxIdleConnsPerHost: 4,
		IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
	}
	if config != nil {
		t.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialTLS(ctx, dialer, config, network, address)
		}
	}
	return &http.Client{Transport: t, CheckRedirect: asItIs}
}

// dialTLS bounds the handshake as well, since http.Transport leaves it to this function.
func dialTLS(ctx context.Context, dialer *net.Dialer, config func() (*tls.Config, error), network, address string) (net.Conn, error) {
	c, err := config()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*dialTimeout)
	defer cancel()
	return (&tls.Dialer{NetDialer: dialer, Config: c}).DialContext(ctx, network, address)
}

// asItIs hands a redirect to the caller: nothing signed is sent to where an answer points.
func asItIs(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (f *Forwarder) client() *http.Client {
	f.once.Do(func() {
		if f.own = NewClient(nil); f.Client != nil {
			c := *f.Client
			c.CheckRedirect = asItIs
			f.own = &c
		}
	})
	return f.own
}
