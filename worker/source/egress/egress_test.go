package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

// verdict is what the profiles say about an address.
type verdict uint8

const (
	never   verdict = iota // refused by both
	private                // refused by strict alone
	open                   // allowed by both
)

// addresses are the forms in which an address can be written, and ways to hide one in another.
var addresses = map[string]verdict{
	// link-local and metadata, plain
	"169.254.169.254": never, "169.254.0.1": never, "169.254.255.255": never, "169.254.170.2": never, "169.254.169.253": never,
	"fe80::1": never, "fe80::1%eth0": never, "febf::1": never, "fe80::a9fe:a9fe%1": never,
	"100.100.100.200": never, "192.0.0.192": never, "168.63.129.16": never,
	"fd00:ec2::254": never, "fd00:ec2::23": never, "fd00:ec2::253": never, "fd20:ce::254": never,
	// the same inside IPv6
	"::ffff:169.254.169.254": never, "::ffff:a9fe:a9fe": never, "0:0:0:0:0:ffff:a9fe:a9fe": never, "::ffff:100.100.100.200": never,
	"::ffff:168.63.129.16": never, "::ffff:192.0.0.192": never, "::ffff:169.254.169.254%eth0": never,
	"::169.254.169.254": never, "::a9fe:a9fe": never, "::100.100.100.200": never,
	"::ffff:0:169.254.169.254": never, "::ffff:0:a9fe:a9fe": never,
	"64:ff9b::a9fe:a9fe": never, "64:ff9b::169.254.169.254": never, "64:ff9b::6464:64c8": never, "64:ff9b::a83f:8110": never,
	"64:ff9b::c000:c0": never, "64:ff9b:1::a9fe:a9fe": never, "64:ff9b:1:a9fe:a9:fe00::": never, "64:ff9b:1:ffff:ffff:ffff:a9fe:a9fe": never,
	"64:ff9b:1:fe:a9:fea9:fe00:0": never, "64:ff9b:1:a9:fe:a9fe:0:0": never, // RFC 6052 with /64 and /56
	"2002:a9fe:a9fe::": never, "2002:a9fe:a9fe::1": never, "2002:6464:64c8::1": never, "2002:a83f:8110:1:2:3:4:5": never,
	"2001:0:a9fe:a9fe::": never, "2001:0:4136:e378:8000:63bf:5601:5601": never,
	"2001:db8::5efe:169.254.169.254": never, "2a00::200:5efe:a9fe:a9fe": never, "2a00::5efe:100.100.100.200": never,
	// private and special
	"127.0.0.1": private, "127.255.255.254": private, "127.1.2.3": private, "0.0.0.0": private, "0.1.2.3": private,
	"10.0.0.1": private, "10.255.255.255": private, "172.16.0.1": private, "172.31.255.255": private, "192.168.0.1": private,
	"192.168.255.255": private, "100.64.0.1": private, "100.127.255.255": private, "100.100.100.199": private, "192.0.0.1": private,
	"192.0.0.170": private, "192.0.2.1": private, "198.51.100.7": private, "203.0.113.9": private, "198.18.0.1": private,
	"198.19.255.255": private, "192.88.99.1": private, "224.0.0.1": private, "239.255.255.250": private, "240.0.0.1": private,
	"255.255.255.255": private, "::": private, "::1": private, "::2": private, "fc00::1": private, "fd12:3456::1": private,
	"fdff::1": private, "fec0::1": private, "feff::1": private, "ff02::1": private, "ff05::2": private, "100::1": private,
	"2001:db8::1": private, "3fff::1": private, "5f00::1": private, "2001::1": private, "2001:2::1": private, "2001:10::1": private,
	"4000::1": private, "1::1": private,
	"::ffff:127.0.0.1": private, "::ffff:7f00:1": private, "::ffff:10.0.0.1": private, "::ffff:192.168.1.1": private,
	"::127.0.0.1": private, "::7f00:1": private, "::10.0.0.1": private, "::ffff:0:10.0.0.1": private, "::ffff:0.0.0.0": private,
	"64:ff9b::7f00:1": private, "64:ff9b::10.1.2.3": private, "64:ff9b::192.168.0.1": private, "64:ff9b:1::a00:1": private,
	"2002:7f00:1::": private, "2002:a00:1::1": private, "2002:c0a8:101::": private, "2a00::5efe:10.0.0.1": private,
	"2002:808:808::": private, "::8.8.8.8": private, "64:ff9b:1::808:808": private, "2001:0:808:808::": private,
	// the public internet
	"8.8.8.8": open, "1.1.1.1": open, "9.255.255.255": open, "11.0.0.0": open, "100.63.255.255": open, "100.128.0.0": open,
	"126.255.255.255": open, "128.0.0.1": open, "169.253.255.255": open, "169.255.0.0": open, "172.15.255.255": open, "172.32.0.0": open,
	"192.167.255.255": open, "192.169.0.0": open, "198.17.255.255": open, "198.20.0.0": open, "168.63.129.17": open,
	"223.255.255.255": open, "::ffff:8.8.8.8": open, "2606:4700:4700::1111": open, "2a00:1450:4001::1": open,
	"64:ff9b::8.8.8.8": open, "2001:4860:4860::8888": open, "2001:200::1": open, "3ffe::1": open, "2620:4f:8000::1": open,
}

func TestCheck(t *testing.T) {
	if len(addresses) < 100 {
		t.Errorf("%d addresses", len(addresses))
	}
	for text, want := range addresses {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := (Policy{}).Check(addr); (err == nil) != (want != never) {
			t.Errorf("default: %s: %v", text, err)
		}
		err = (Policy{Strict: true}).Check(addr)
		if (err == nil) != (want == open) {
			t.Errorf("strict: %s: %v", text, err)
		}
		if refused, ok := errors.AsType[*Refused](err); err != nil && (!ok || refused.Addr != addr) {
			t.Errorf("%s: %T %v", text, err, err)
		}
	}
	if (Policy{}).Check(netip.Addr{}) == nil {
		t.Error("no address at all is allowed")
	}
}

// TestAllowedRanges: they open what strict closes, in every way of writing it, and never metadata.
func TestAllowedRanges(t *testing.T) {
	p := Policy{Strict: true, Allowed: []netip.Prefix{
		netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("169.254.0.0/16"),
	}}
	for text, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "64:ff9b::10.1.2.3": true, "10.2.0.1": false, "127.0.0.1": false, "8.8.8.8": true,
		"fd01::1": true, "fd00:ec2::254": false, "fc00::1": false, "169.254.169.254": false, "2002:a01:203::": false,
	} {
		if err := p.Check(netip.MustParseAddr(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestDialer: names, odd ways of writing an address and both families are judged by what they resolve to, and a
// forbidden address sees no connection.
func TestDialer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, host := range []string{"127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0"} {
		_, err := New(Policy{Strict: true}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
		if _, ok := errors.AsType[*Refused](err); !ok {
			t.Errorf("strict: %s: %v", host, err)
		}
	}
	for _, host := range []string{"169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1%lo", "168.63.129.16"} {
		_, err := New(Policy{}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
		if _, ok := errors.AsType[*Refused](err); !ok {
			t.Errorf("default: %s: %v", host, err)
		}
	}
	if len(accepted) != 0 {
		t.Error("a refused address got a connection")
	}
	conn, err := New(Policy{}).DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	_ = (<-accepted).Close()
	if _, err := New(Policy{}).DialContext(ctx, "udp", l.Addr().String()); err == nil {
		t.Error("UDP is dialled")
	}
}
