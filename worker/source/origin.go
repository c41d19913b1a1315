package source

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/headwater/headwater/worker/source/mask"
)

// guard decides where a connector's requests may go beside its base URL.
type guard struct {
	base     *url.URL
	names    map[string]bool
	prefixes []netip.Prefix
}

// newGuard compiles connector.egress.whitelist: names, IP addresses and CIDR ranges. The last two are held against
// addresses written in a URL, not against what a name resolves to; that is the dialer's to judge.
func newGuard(base *url.URL, whitelist []string) (guard, error) {
	g := guard{base: base, names: map[string]bool{}}
	for _, entry := range whitelist {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		if addr, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil {
			addr = addr.Unmap()
			g.prefixes = append(g.prefixes, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		if prefix, err := netip.ParsePrefix(entry); err == nil {
			g.prefixes = append(g.prefixes, prefix.Masked())
			continue
		}
		if strings.ContainsAny(entry, "/:@*? \\") {
			return guard{}, fmt.Errorf("connector.egress.whitelist: %q is no host name, IP address or CIDR range", entry)
		}
		g.names[bareHost(entry)] = true
	}
	return g, nil
}

// home reports whether u has the base URL's origin: scheme, host and port.
func (g guard) home(u *url.URL) bool {
	return sameOrigin(u, g.base)
}

// permit says why u may not be asked, coming from the URL from (the base URL for a first request). The error is final.
func (g guard) permit(u, from *url.URL) error {
	switch {
	case !isWeb(u.Scheme):
		return &refusal{fmt.Sprintf("the URL's scheme %q is neither http nor https", u.Scheme), ""}
	case u.Host == "" || u.Hostname() == "":
		return &refusal{"the URL names no host", ""}
	case u.User != nil && (!g.home(u) || g.base.User == nil || u.User.String() != g.base.User.String()):
		return &refusal{"the URL carries a user name", "credentials belong into auth.type, not into a link"}
	case u.Scheme == "http" && (g.base.Scheme == "https" || from.Scheme == "https"):
		return &refusal{"it leads from https to http", "plain http is not followed from an https API"}
	case g.home(u) || g.listed(u.Hostname()):
		return nil
	}
	return &refusal{
		fmt.Sprintf("it leads to %s, which is not the origin of http.api.base.url", mask.URL(u.Scheme+"://"+u.Host)),
		fmt.Sprintf("if %s is to be trusted, add it to connector.egress.whitelist; it is sent no credentials", u.Hostname()),
	}
}

// listed reports whether host is on connector.egress.whitelist.
func (g guard) listed(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return g.names[bareHost(host)]
	}
	for _, p := range g.prefixes {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// refusal is a URL that we will not ask, whoever named it.
type refusal struct{ why, hint string }

// Error implements error.
func (e *refusal) Error() string { return e.why }

// sameOrigin compares scheme, host and port; a default port may be written or left out.
func sameOrigin(a, b *url.URL) bool {
	if a.Scheme == b.Scheme && a.Host == b.Host {
		return true
	}
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// port is u's port, or its scheme's.
func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case strings.EqualFold(u.Scheme, "https"):
		return "443"
	}
	return "80"
}

func isWeb(scheme string) bool { return scheme == "http" || scheme == "https" }

// bareHost is a name as names are compared.
func bareHost(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// parseURL parses what is to be asked. The error says nothing of what it found: that may be a piece of a secret.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, &refusal{"the URL cannot be parsed", ""}
	}
	return u, nil
}
