package source

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Ceilings of a connector's connections.
const (
	maxHeaderBytes  = 256 << 10
	maxIdlePerHost  = 16
	maxIdle         = 64
	idleTimeout     = 90 * time.Second
	pingAfter       = 30 * time.Second // an HTTP/2 connection that is silent is asked whether it lives
	pingTimeout     = 15 * time.Second
	sessionsToCache = 16
)

// dialFunc connects.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// newTransport builds the connector's connection pool. Proxies named by the environment are not used, nothing is
// decompressed and no redirect followed: the client does that itself, under its own rules.
func newTransport(dial dialFunc, conf *tls.Config) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Transport{
		Protocols:              protocols,
		DisableCompression:     true,
		DialContext:            inTime(dial),
		DialTLSContext:         inTime(secured(dial, conf)),
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
	}
}

// connectTimeout is the context key of http.connect.timeout.ms. The pool is the connector's, the timeout the API's.
type connectTimeout struct{}

// inTime makes dial, TLS included, keep to the connect timeout of the API that asked for it.
func inTime(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		limit, ok := ctx.Value(connectTimeout{}).(time.Duration)
		if !ok {
			limit = defaultTimeout
		}
		within, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		conn, err := dial(within, network, address)
		if err != nil && errors.Is(within.Err(), context.DeadlineExceeded) {
			return nil, &timeoutError{fmt.Sprintf("no connection to %s within %v", address, limit), "http.connect.timeout.ms", err}
		}
		return conn, err
	}
}

// secured adds the TLS handshake to dial.
func secured(dial dialFunc, conf *tls.Config) dialFunc {
	if conf == nil {
		conf = &tls.Config{}
	}
	conf = conf.Clone()
	conf.NextProtos = []string{"h2", "http/1.1"}
	if conf.ClientSessionCache == nil {
		conf.ClientSessionCache = tls.NewLRUClientSessionCache(sessionsToCache)
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		plain, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		named := conf.Clone()
		if named.ServerName == "" {
			named.ServerName, _, _ = net.SplitHostPort(address)
		}
		conn := tls.Client(plain, named)
		if err := conn.HandshakeContext(ctx); err != nil {
			_ = plain.Close()
			return nil, fmt.Errorf("TLS handshake with %s: %w", address, err)
		}
		return conn, nil
	}
}

// timeoutError is a wait that came to its end.
type timeoutError struct {
	what     string
	property string // that sets the wait; "" when it is fixed
	cause    error  // may be nil
}

// Error implements error.
func (e *timeoutError) Error() string { return e.what }

// Unwrap returns the cause.
func (e *timeoutError) Unwrap() error { return e.cause }
