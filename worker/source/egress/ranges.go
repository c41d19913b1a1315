package egress

import "net/netip"

// metadata are the addresses where clouds and link-local networks answer questions about the machine itself, with
// credentials among the answers. Nothing that a connector fetches lives there, so they are refused always.
var metadata = prefixes(
	"169.254.0.0/16",     // link-local: AWS, Azure, GCP, OpenStack, DigitalOcean metadata and task credentials
	"fe80::/10",          // link-local
	"100.100.100.200/32", // Alibaba Cloud
	"192.0.0.192/32",     // Oracle Cloud
	"168.63.129.16/32",   // Azure's wire server
	"fd00:ec2::/32",      // AWS metadata, DNS, time and pod identity over IPv6
	"fd20:ce::/32",       // Google Cloud over IPv6
)

// special are the ranges of the IANA special-purpose registries that are not the public internet. Profile strict
// refuses them. What is not in 2000::/3 is special too: see public.
var special = prefixes(
	"0.0.0.0/8",       // this network; Linux takes 0.0.0.0 for loopback
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carrier-grade NAT
	"127.0.0.0/8",     // loopback
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // IETF protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays, withdrawn
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast
	"2001::/23",       // IETF protocol assignments: Teredo, ORCHID, benchmarks
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4, withdrawn
	"3fff::/20",       // documentation
)

// global is the part of IPv6 that is handed out for the public internet.
var global = netip.MustParsePrefix("2000::/3")

// public reports whether a, not a mapped address, belongs to the public internet.
func public(a netip.Addr) bool {
	return !within(special, a) && (a.Is4() || global.Contains(a))
}

// within reports whether one of the prefixes holds a.
func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// prefixes parses a table of ours.
func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}
