package source

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// Headers that every request has unless the connector's configuration says otherwise.
var fallbacks = map[string][]string{
	"User-Agent": {"headwater"}, "Accept": {"application/json, */*;q=0.5"}, "Accept-Encoding": {"gzip, deflate"},
}

// dropped are configured headers that are not ours to send: they describe the connection or the body's framing, which
// a value from a configuration can only get wrong.
var dropped = map[string]bool{
	"Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Keep-Alive": true, "Proxy-Connection": true,
	"Upgrade": true, "Te": true, "Trailer": true, "Expect": true,
}

// travels are the configured headers that go along to another origin.
var travels = map[string]bool{"Accept": true, "Content-Type": true, "User-Agent": true}

// fields are the header fields of a request. They are nearly always those of the one before, and shared: what is sent is
// only read.
type fields struct {
	of     []poll.Header
	home   bool
	header http.Header
	host   string // "": the URL's
}

// build makes the HTTP request of one hop. home tells whether it goes to the base URL's origin; if not, it carries no
// credentials and no header that might be one. A POST to a listed origin does take its body along: whoever lists an
// origin trusts it with the question.
func (c *Client) build(ctx context.Context, r poll.Request, u *url.URL, home bool) (*http.Request, error) {
	req, err := blank(ctx, r)
	if err != nil {
		return nil, &refusal{"the request cannot be built: " + err.Error(), ""}
	}
	f, err := c.fields(r.Header, home)
	if err != nil {
		return nil, err
	}
	req.URL, req.Header = target(u), f.header
	req.Host = cmp.Or(f.host, req.URL.Host)
	return req, nil
}

// target is u without what is not sent: user, fragment and an empty port.
func target(u *url.URL) *url.URL {
	if u.User == nil && u.Fragment == "" && !strings.HasSuffix(u.Host, ":") {
		return u
	}
	bare := *u
	bare.User, bare.Fragment, bare.RawFragment = nil, "", ""
	bare.Host = strings.TrimSuffix(bare.Host, ":")
	return &bare
}

// bareGet is a GET to nowhere.
var bareGet = &http.Request{Method: http.MethodGet, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}

// blank is a request with a method and a body.
func blank(ctx context.Context, r poll.Request) (*http.Request, error) {
	if r.Method == http.MethodGet && r.Body == nil {
		return bareGet.WithContext(ctx), nil
	}
	return http.NewRequestWithContext(ctx, r.Method, "", bytes.NewReader(r.Body))
}

// fields returns what the headers of a configuration come to.
func (c *Client) fields(headers []poll.Header, home bool) (*fields, error) {
	if f := c.kept.fields.Load(); f != nil && f.home == home && slices.Equal(f.of, headers) {
		return f, nil
	}
	f := &fields{of: slices.Clone(headers), home: home, header: http.Header{}}
	for _, h := range headers {
		if err := f.put(h); err != nil {
			return nil, err
		}
	}
	for name, values := range fallbacks {
		if _, ok := f.header[name]; !ok {
			f.header[name] = values
		}
	}
	if home {
		c.authorise(f.header)
	}
	c.kept.fields.Store(f)
	return f, nil
}

// put adds one configured header. Values are checked here once more: they may hold what an API answered.
func (f *fields) put(h poll.Header) error {
	name := textproto.CanonicalMIMEHeaderKey(h.Name)
	switch {
	case !isToken(name), !isFieldValue(h.Value):
		return &refusal{fmt.Sprintf("request header %q has a name or value that cannot be sent", h.Name), "see http.request.headers"}
	case dropped[name], !f.home && !travels[name]:
	case name == "Host":
		if !isHost(h.Value) {
			return &refusal{"request header Host is no host name", "see http.request.headers"}
		}
		f.host = h.Value
	default:
		f.header.Add(name, h.Value)
	}
	return nil
}

// isToken reports whether name can name a header (RFC 9110, 5.6.2).
func isToken(name string) bool {
	return name != "" && strings.Trim(name, alphanumeric+"!#$%&'*+-.^_`|~") == ""
}

// isFieldValue reports whether value holds none of the control characters that could end a header.
func isFieldValue(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// isHost reports whether value can be a Host header: net/http sends an empty one in place of one that cannot.
func isHost(value string) bool {
	return value != "" && strings.Trim(value, alphanumeric+"-._:[]") == ""
}

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// authorise sends the credentials of auth.type unasked. A configured Authorization header wins.
func (c *Client) authorise(header http.Header) {
	value := authorization(c.conf.Connector.Auth, c.base)
	if value == "" {
		return
	}
	if _, own := header["Authorization"]; own {
		c.warnOnce.Do(func() {
			c.conf.Log.Warn("request header Authorization is configured and used instead of auth.type", "connector", c.conf.Connector.Name)
		})
		return
	}
	header.Set("Authorization", value)
}

// authorization is the header value of auth.type; without one a user name in the base URL counts as BASIC.
func authorization(a connector.Auth, base *url.URL) string {
	switch {
	case a.Type == connector.AuthBasic:
		return basic(a.User, a.Password.Reveal())
	case a.Type == connector.AuthBearer:
		return "Bearer " + a.Token.Reveal()
	case base.User != nil:
		password, _ := base.User.Password()
		return basic(base.User.Username(), password)
	}
	return ""
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// authSecrets lists what an API might echo and nobody may see.
func authSecrets(a connector.Auth, base *url.URL) []string {
	list := []string{a.Password.Reveal(), a.Token.Reveal()}
	if base.User != nil {
		password, _ := base.User.Password()
		list = append(list, password)
	}
	if value := authorization(a, base); value != "" {
		_, credentials, _ := strings.Cut(value, " ")
		list = append(list, credentials)
	}
	return list
}
