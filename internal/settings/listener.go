package settings

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// place is the property listeners, taken apart.
type place struct {
	ok         bool // it has the right form
	secure     bool // https
	host, port string
}

// loopback reports whether a host is this machine's own for certain. A name of another kind is looked up when it is bound.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// everywhere reports whether a host stands for every interface.
func everywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.Unmap().IsUnspecified()
}

// elsewhere reports whether a listener may not be left without a guard. Over plain HTTP a name is left to the listener,
// which opens nothing but loopback then; https would open whatever the name comes to be.
func elsewhere(at place) bool {
	_, err := netip.ParseAddr(at.host)
	return !loopback(at.host) && (at.secure || at.host == "" || err == nil)
}

// setListener checks the form. Whether a name is loopback is known when it is bound.
func setListener(r *property.Reader, d *draft) place {
	problem := func(text string) place {
		r.Reject("listeners", property.Problem{Text: text, Hint: "write one address, as http://127.0.0.1:8083 or https://0.0.0.0:8443"})
		return place{}
	}
	if strings.Contains(d.listeners, ",") {
		return problem("names several listeners; only one is supported yet")
	}
	u, err := url.Parse(d.listeners)
	if err != nil || strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return problem("is not of the form http://host:port or https://host:port")
	}
	scheme := strings.ToLower(u.Scheme)
	if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || scheme != "http" && scheme != "https" {
		return problem("is not of the form http://host:port or https://host:port")
	}
	at := place{ok: true, secure: scheme == "https", host: u.Hostname(), port: u.Port()}
	if at.host == "" && !at.secure && !d.REST.Auth.Configured() {
		r.Warn("listeners", property.Problem{
			Text: "has no host and binds to 127.0.0.1 only", Hint: "every interface needs TLS and authentication: https, listeners.https.ssl.* and rest.auth.*",
		})
		at.host = "127.0.0.1"
		d.Listener = "http://127.0.0.1:" + at.port
		return at
	}
	d.Listener = scheme + "://" + u.Host
	return at
}

// setAdvertised checks how others are told to call this worker.
func setAdvertised(r *property.Reader, d *draft, at place) {
	if d.AdvertisedHost != "" {
		d.AdvertisedHost = strings.Trim(d.AdvertisedHost, "[]")
		if !hostName(d.AdvertisedHost) {
			r.Reject("rest.advertised.host.name", property.Problem{Text: "is not a host", Hint: "write a name or an address alone, as worker-1.example.com"})
		}
	}
	if !at.ok {
		return
	}
	if d.AdvertisedHost == "" && everywhere(at.host) {
		r.Reject("rest.advertised.host.name", property.Problem{
			Text: "is required when listeners means every interface", Hint: "name the host that other workers reach this one by and that its certificate is for",
		})
	}
	if scheme, _, _ := strings.Cut(d.Listener, "://"); d.advertisedScheme != "" && d.advertisedScheme != scheme {
		r.Reject("rest.advertised.listener", property.Problem{
			Text: "names a listener that listeners does not have", Hint: "leave it out, or write " + scheme,
		})
	}
}

func hostName(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return len(host) <= 253 && hostForm.MatchString(host)
}
