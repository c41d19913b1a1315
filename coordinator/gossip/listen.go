package gossip

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/hashicorp/memberlist"
)

const (
	leastKey       = 16
	resolveTimeout = 5 * time.Second
	// bindTries is for port 0: the port that TCP got may be taken for UDP.
	bindTries = 10
	howKey    = "set gossip.key to the same secret of at least 16 characters on every worker, as of: openssl rand -hex 32"
)

// keyOf returns the AES-256 key, nil for none. One derivation for keys of every length, so that no length means something
// else; the prefix keeps it apart from what else may be made of the same secret.
func keyOf(secret []byte) ([]byte, error) {
	switch {
	case len(secret) == 0:
		return nil, nil
	case len(secret) < leastKey:
		return nil, wrong(fmt.Sprintf("gossip.key has %d bytes", len(secret)), howKey, nil)
	}
	sum := sha256.Sum256(append([]byte("headwater gossip\x00"), secret...))
	return sum[:], nil
}

// listen takes the port on UDP and TCP and says which address to tell others.
func listen(c Config, l *log.Logger) (memberlist.NodeAwareTransport, string, int, error) {
	if c.Transport != nil {
		return virtual(c.Transport)
	}
	host, service, err := net.SplitHostPort(c.Listener)
	if err != nil {
		return nil, "", 0, wrong("gossip.listener is not host:port", "write gossip.listener as 127.0.0.1:0", err)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, "", 0, wrong("the port of gossip.listener is not a number", "ports are 0 to 65535", err)
	}
	ip, err := resolve(host)
	if err != nil {
		return nil, "", 0, err
	}
	if len(c.Key) == 0 && !ip.IsLoopback() {
		return nil, "", 0, wrong("gossip.key is required when gossip.listener is not on loopback", howKey, nil)
	}
	told := ip
	if ip.IsUnspecified() {
		if told = reachable(c.Self.GetUrl()); told == nil {
			return nil, "", 0, wrong("this machine has no address others could use", "name an address in gossip.listener", nil)
		}
	}
	wire, err := bind(ip, int(port), l)
	if err != nil {
		return nil, "", 0, wrong("gossip.listener "+c.Listener+" cannot be had on UDP and TCP", "choose another gossip.listener", err)
	}
	return wire, told.String(), wire.GetAutoBindPort(), nil
}

func virtual(t memberlist.Transport) (memberlist.NodeAwareTransport, string, int, error) {
	wire, ok := t.(memberlist.NodeAwareTransport)
	if !ok {
		return nil, "", 0, wrong("the transport does not know nodes", "use package ether", nil)
	}
	ip, port, err := wire.FinalAdvertiseAddr("", 0)
	if err != nil {
		return nil, "", 0, wrong("the transport has no address", "use package ether", err)
	}
	return wire, ip.String(), port, nil
}

func bind(ip net.IP, port int, l *log.Logger) (wire *memberlist.NetTransport, err error) {
	tries := 1
	if port == 0 {
		tries = bindTries
	}
	for range tries {
		wire, err = memberlist.NewNetTransport(&memberlist.NetTransportConfig{BindAddrs: []string{ip.String()}, BindPort: port, Logger: l})
		if err == nil {
			return wire, nil
		}
	}
	return nil, err
}

// resolve finds the address to listen on: memberlist takes addresses only and listens everywhere when it gets a name.
func resolve(host string) (net.IP, error) {
	if host == "" {
		return net.IPv4zero, nil
	}
	if ip := net.ParseIP(host); ip != nil {
		return ip, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupIP(ctx, "ip", host)
	if err != nil || len(ips) == 0 {
		return nil, wrong("the host of gossip.listener is not known", "name an address in gossip.listener", err)
	}
	for _, ip := range ips {
		if ip.To4() != nil {
			return ip, nil
		}
	}
	return ips[0], nil
}

// reachable is the address to tell others when gossip listens on all of them: where they reach the REST API, they reach
// gossip.
func reachable(rest string) net.IP {
	if u, err := url.Parse(rest); err == nil && u.Hostname() != "" {
		if ip, err := resolve(u.Hostname()); err == nil && !ip.IsUnspecified() {
			return ip
		}
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			return n.IP
		}
	}
	return nil
}
