package settings

import (
	"net"
	"net/url"
	"strconv"
)

// URL returns what other workers call this one by, as https://host:port. bound is the address the REST listener came to
// have, as host:port, which tells the port when listeners names 0.
func (s Settings) URL(bound string) string {
	u, err := url.Parse(s.Listener)
	if err != nil {
		return s.Listener
	}
	return u.Scheme + "://" + s.advertised(u, bound)
}

// Name returns WorkerName, or in its absence the host:port of URL.
func (s Settings) Name(bound string) string {
	u, err := url.Parse(s.Listener)
	if s.WorkerName != "" || err != nil {
		return s.WorkerName
	}
	return s.advertised(u, bound)
}

func (s Settings) advertised(u *url.URL, bound string) string {
	host, port := u.Hostname(), u.Port()
	boundHost, boundPort, err := net.SplitHostPort(bound)
	if err == nil && port == "0" {
		port = boundPort
	}
	if err == nil && host == "" {
		host = boundHost
	}
	if s.AdvertisedHost != "" {
		host = s.AdvertisedHost
	}
	if s.AdvertisedPort != 0 {
		port = strconv.Itoa(s.AdvertisedPort)
	}
	return net.JoinHostPort(host, port)
}
