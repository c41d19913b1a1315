package connectjson

import (
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// SortHashMap puts members into the order in which a java.util.HashMap that got them in the order given would list them.
// A map that a Connect worker has read from a topic is a HashMap, and so is what it writes back.
func SortHashMap(members []Member) {
	mask := tableSize(len(members)) - 1
	slices.SortStableFunc(members, func(a, b Member) int {
		return int(spread(a.Name)&mask) - int(spread(b.Name)&mask)
	})
}

// tableSize is HashMap's capacity for n entries: 16, doubled whenever they exceed three quarters of it.
func tableSize(n int) uint32 {
	size := uint32(16)
	for uint32(n) > size/4*3 {
		size *= 2
	}
	return size
}

// spread is String.hashCode with HashMap's upper half folded into the lower.
func spread(s string) uint32 {
	var h uint32
	for _, r := range s {
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			h, r = 31*h+uint32(hi), lo
		}
		h = 31*h + uint32(r)
	}
	return h ^ h>>16
}
