// Package source is the door to the APIs: it sends one request, with its retries, and brings back one page.
//
// Everything in it has a ceiling: connecting, waiting for headers, a silent body, a body as a whole, its size on the wire
// and after decompression, headers, redirects, retries and the waits between them. A page is complete and checked
// before anybody sees it. Credentials go to the base URL's origin and nowhere else.
package source

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/worker/source/egress"
	"github.com/headwater/headwater/worker/source/limit"
	"github.com/headwater/headwater/worker/source/mask"
	"github.com/headwater/headwater/worker/source/retry"
)

// Defaults of an API's timeouts and of a page's ceiling.
const (
	defaultTimeout = 30 * time.Second
	// DefaultMaxPage is the most that one answer may be, on the wire and again after decompression.
	DefaultMaxPage = 1 << 30
	// maxResponse is how long one attempt may take in all, from the first byte sent to the last received.
	maxResponse = time.Hour
)

// Config is what a connector's requests have in common.
type Config struct {
	// Connector gives name, base URL, credentials and connector.egress.whitelist.
	Connector connector.Config
	// Dial connects over TCP. Defaults to an egress.Dialer with the default profile.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS is the client's TLS configuration. Defaults to the system's roots and TLS 1.2 or newer.
	TLS *tls.Config
	// MaxPage is the greatest size of an answer in bytes, on the wire and again after decompression. Defaults to
	// DefaultMaxPage.
	MaxPage int64
	// Memory is how much of a page is kept in memory before it moves to a file. Defaults to spool.DefaultMemory.
	Memory int64
	// Dir is where such a file is made. Defaults to the system's folder for temporary files.
	Dir string
	// Log gets warnings and retries. Defaults to slog.Default.
	Log *slog.Logger
	// Metrics counts requests; nil counts nothing.
	Metrics *Metrics
	// Limits are those that APIs have set; nil: each request learns its own.
	Limits *limit.Limits
}

// Client fetches the pages of one connector. Its APIs share its connections and nothing else does. It is safe for
// concurrent use.
type Client struct {
	*door
	api     string
	meters  *meters
	child   bool // it asks for one work item after the other
	retry   retry.Policy
	connect time.Duration // http.connect.timeout.ms
	request time.Duration // http.request.timeout.ms
	waits   Waits
	kept    *kept
}

// kept is what a client's next attempt can use again.
type kept struct {
	watch  atomic.Pointer[watch]
	fields atomic.Pointer[fields]
}

// Waits is told what a Fetch waits for, in a few words, and until when; zero: nobody knows.
type Waits func(what string, until time.Time)

func untold(string, time.Time) {}

// door is what the clients of one connector's APIs share.
type door struct {
	conf      Config
	base      *url.URL
	guard     guard
	transport *http.Transport
	secrets   []string // values that no report may show
	warnOnce  sync.Once
}

// New returns a Client with the default timeouts and no retries; For gives it an API's own. Close it in the end. The
// error is about http.api.base.url or connector.egress.whitelist.
func New(c Config) (*Client, error) {
	base, err := url.Parse(c.Connector.BaseURL)
	if err != nil || base.Host == "" || !isWeb(base.Scheme) {
		return nil, fmt.Errorf("http.api.base.url %q is no http or https URL", mask.URL(c.Connector.BaseURL))
	}
	guard, err := newGuard(base, c.Connector.Whitelist)
	if err != nil {
		return nil, err
	}
	c.defaults()
	d := &door{conf: c, base: base, guard: guard, secrets: authSecrets(c.Connector.Auth, base)}
	d.transport = newTransport(c.Dial, c.TLS)
	c.Metrics.begin(c.Connector.Name)
	return &Client{door: d, connect: defaultTimeout, request: defaultTimeout, waits: untold, kept: &kept{}}, nil
}

func (c *Config) defaults() {
	if c.Dial == nil {
		c.Dial = egress.New(egress.Policy{}).DialContext
	}
	if c.MaxPage <= 0 {
		c.MaxPage = DefaultMaxPage
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
}

// For returns a Client that shares c's connections and has a's timeouts and retries. waits may be nil.
func (c *Client) For(a connector.API, waits Waits) *Client {
	own := *c
	own.kept = &kept{}
	if waits != nil {
		own.waits = waits
	}
	own.api, own.child = fmt.Sprintf("api%d", a.N), a.Child
	own.meters = c.conf.Metrics.meters(c.conf.Connector.Name, own.api)
	own.retry = retry.Policy{Max: a.MaxRetries, Backoff: a.Backoff, Base: a.BackoffBase, On: a.RetryOn}
	if a.ConnectTimeout > 0 {
		own.connect = a.ConnectTimeout
	}
	if a.RequestTimeout > 0 {
		own.request = a.RequestTimeout
	}
	return &own
}

// Close drops idle connections and, with the connector's last Client, its metrics. Call it once. Fetches under way end with
// their context.
func (c *Client) Close() {
	c.transport.CloseIdleConnections()
	c.conf.Metrics.end(c.conf.Connector.Name)
}
