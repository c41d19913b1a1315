// Package egress decides which addresses a worker may connect to, and dials them. What counts is the address that a
// name resolved to at the moment of connecting, so neither the name nor an answer of the API can lead elsewhere.
package egress

import (
	"fmt"
	"net/netip"
)

// Policy is what the worker's owner allows. The zero value is the default profile: everything but link-local and cloud
// metadata addresses, so that APIs in a private network and on loopback work out of the box.
type Policy struct {
	// Strict is egress.profile=strict: loopback, private and special ranges are refused too. For clusters whose
	// connector authors are not trusted.
	Strict bool
	// Allowed is egress.allowed.ranges: what Strict lets through all the same. It opens no metadata address.
	Allowed []netip.Prefix
}

// Refused says that the policy forbids an address. Trying again is of no use.
type Refused struct {
	Addr netip.Addr
	// Why names the range and the property that can allow it, if any.
	Why string
}

// Error implements error.
func (e *Refused) Error() string { return fmt.Sprintf("address %s is not allowed: %s", e.Addr, e.Why) }

// Check returns a *Refused unless a may be connected to.
func (p Policy) Check(a netip.Addr) error {
	plain := a.WithZone("").Unmap()
	if !plain.IsValid() {
		return &Refused{a, "it is no IP address"}
	}
	inner := []netip.Addr{}
	if plain.Is6() {
		inner = embedded(plain)
	}
	for _, x := range append(inner, plain) {
		if within(metadata, x) {
			return &Refused{a, "link-local and cloud metadata addresses are refused always"}
		}
	}
	if !p.Strict || p.allows(plain) {
		return nil
	}
	return p.strict(a, plain, inner)
}

// strict refuses what is not the public internet. Of an address that carries an IPv4 one, the IPv4 one counts.
func (p Policy) strict(a, plain netip.Addr, inner []netip.Addr) error {
	if len(inner) == 0 {
		inner = []netip.Addr{plain}
	}
	for _, x := range inner {
		if !public(x) && !p.allows(x) {
			return &Refused{a, "egress.profile=strict refuses loopback, private and special ranges; " +
				"a range can be opened with egress.allowed.ranges"}
		}
	}
	if plain.Is6() && !public(plain) && !nat64.Contains(plain) {
		return &Refused{a, "egress.profile=strict refuses special ranges; a range can be opened with egress.allowed.ranges"}
	}
	return nil
}

// allows reports whether the worker's owner opened a range that holds a.
func (p Policy) allows(a netip.Addr) bool { return within(p.Allowed, a) }
