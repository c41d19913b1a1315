package egress

import "net/netip"

// Ways of writing an IPv4 address inside an IPv6 one. A gateway on the path may carry any of them on to that IPv4
// address, so a check of the outer address alone can be walked round.
var (
	compatible = netip.MustParsePrefix("::/96")           // IPv4-compatible, withdrawn
	translated = netip.MustParsePrefix("::ffff:0:0:0/96") // IPv4-translated (SIIT)
	nat64      = netip.MustParsePrefix("64:ff9b::/96")    // NAT64, well-known prefix
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")  // NAT64, local use: any prefix length of RFC 6052
	sixToFour  = netip.MustParsePrefix("2002::/16")       // 6to4
	teredo     = netip.MustParsePrefix("2001::/32")       // Teredo: server, and the client's address inverted
)

// embedded lists the IPv4 addresses that the IPv6 address a may stand for.
func embedded(a netip.Addr) []netip.Addr {
	b := a.As16()
	var list []netip.Addr
	v4 := func(i, j, k, l int) { list = append(list, netip.AddrFrom4([4]byte{b[i], b[j], b[k], b[l]})) }
	switch {
	case compatible.Contains(a), translated.Contains(a), nat64.Contains(a):
		v4(12, 13, 14, 15)
	case nat64Local.Contains(a):
		v4(12, 13, 14, 15) // /96
		v4(6, 7, 9, 10)    // /48, round the reserved byte 8
		v4(7, 9, 10, 11)   // /56
		v4(9, 10, 11, 12)  // /64
	case sixToFour.Contains(a):
		v4(2, 3, 4, 5)
	case teredo.Contains(a):
		v4(4, 5, 6, 7)
		list = append(list, netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}))
	}
	if b[8]&^3 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe { // ISATAP, in any prefix
		v4(12, 13, 14, 15)
	}
	return list
}
