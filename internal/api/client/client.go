// Package client calls the REST API of a Headwater cluster: Kafka Connect's calls and our own below /headwater/v1. It knows
// several workers and asks the next when one does not answer, and it waits, within a bound, where the cluster says that the
// moment is a bad one. Its calls for connectors work with Kafka Connect too.
package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// DefaultServer is a worker's address where nothing is said about listeners.
	DefaultServer = "http://127.0.0.1:8083"

	dialTimeout = 5 * time.Second
	// readTimeout and changeTimeout bound one try. A worker answers a change within 90 s.
	readTimeout   = 20 * time.Second
	changeTimeout = 100 * time.Second
	// maxBody bounds an answer: a thousand connectors with everything about them.
	maxBody = 64 << 20
)

// Config says whom to call and as whom.
type Config struct {
	// Servers are base URLs of workers, tried in this order. Default DefaultServer.
	Servers []string
	// User and Password are for basic authentication, Token for bearer; at most one of the two. They are sent over https, or
	// over http to this machine.
	User, Password string
	Token          string
	// TLS is for https; nil trusts what the system trusts and shows no certificate.
	TLS *tls.Config
	// Patience is how long calls are repeated while the cluster rebalances or is busy. Default 30 s; negative: not at all.
	Patience time.Duration
	// Agent is the header User-Agent. Default "headwater".
	Agent string
}

// Client is safe for concurrent use.
type Client struct {
	config  Config
	servers []*url.URL
	last    atomic.Int32 // index of the server that answered last
	http    *http.Client
}

// New checks the configuration; nothing is asked yet. Errors name the server at fault and what to write instead.
func New(c Config) (*Client, error) {
	if len(c.Servers) == 0 {
		c.Servers = []string{DefaultServer}
	}
	if c.Token != "" && c.User != "" {
		return nil, errors.New("both a token and a user are given: give one of them")
	}
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	if c.Agent == "" {
		c.Agent = "headwater"
	}
	cl := &Client{config: c, http: &http.Client{
		// A redirect could lead credentials elsewhere, and no worker sends one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: c.TLS, TLSHandshakeTimeout: dialTimeout, MaxIdleConnsPerHost: 2,
			IdleConnTimeout: time.Minute, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, ForceAttemptHTTP2: true,
		},
	}}
	for _, server := range c.Servers {
		u, err := parseServer(server, c.Token != "" || c.User != "")
		if err != nil {
			return nil, err
		}
		cl.servers = append(cl.servers, u)
	}
	return cl, nil
}

// Close gives idle connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func parseServer(server string, secret bool) (*url.URL, error) {
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	u, err := url.Parse(strings.TrimRight(server, "/"))
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("server %q is no base URL: write http://host:port or https://host:port", shown(server))
	case u.User != nil:
		return nil, fmt.Errorf("server %q holds credentials, which would show in logs: give them in a file or the environment", shown(server))
	case secret && u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("server %q: credentials are not sent over plain http to another machine: write https://%s", server, u.Host)
	}
	return u, nil
}

// shown leaves out what stands before an @, which may be a password.
func shown(server string) string {
	scheme, rest, _ := strings.Cut(server, "://")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = "***" + rest[i:]
	}
	return scheme + "://" + rest
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// read returns what a call is answered with.
func read[T any](ctx context.Context, c *Client, r request) (T, error) {
	var v T
	err := c.call(ctx, r, &v)
	return v, err
}

// seg is a connector's name or the like as part of a path.
func seg(name string) string {
	if name == "." || name == ".." { // url.PathEscape leaves them, and they would climb
		return strings.ReplaceAll(name, ".", "%2E")
	}
	return url.PathEscape(name)
}
