// Package connectjson writes JSON to the byte as Kafka Connect's JsonConverter does without schemas. Connect finds an
// offset by the bytes of its key, so that a key spelled otherwise is another key.
//
// The package is pure and appends to what it is given, in the manner of strconv.
package connectjson

import (
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// Member is one name of an object with the JSON bytes of its value.
type Member struct {
	Name  string
	Value []byte
}

// AppendObject appends an object with its members in the order given; SortHashMap gives them Java's.
func AppendObject(dst []byte, members ...Member) []byte {
	size := len("{}")
	for _, m := range members {
		size += len(`"":,`) + len(m.Name) + len(m.Value)
	}
	dst = append(slices.Grow(dst, size), '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, m.Name), ':')
		dst = append(dst, m.Value...)
	}
	return append(dst, '}')
}

// AppendArray appends an array of elements that are JSON already.
func AppendArray(dst []byte, elements ...[]byte) []byte {
	dst = append(dst, '[')
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, e...)
	}
	return append(dst, ']')
}

// AppendString appends s as Jackson writes it: upper-case hexadecimal, no escape that JSON does not ask for, and two
// escaped surrogates for what lies above U+FFFF. Bytes that are no UTF-8 become U+FFFD, as in Java.
func AppendString(dst []byte, s string) []byte {
	dst = append(slices.Grow(dst, len(s)+2), '"')
	for i := 0; i < len(s); {
		if n := plain(s[i:]); n > 0 {
			dst = append(dst, s[i:i+n]...)
			i += n
			continue
		}
		if c := s[i]; c < utf8.RuneSelf {
			dst = appendASCII(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			dst = fmt.Appendf(dst, `\u%04X\u%04X`, hi, lo)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		i += size
	}
	return append(dst, '"')
}

// plain is how many bytes at the beginning of s stand for themselves.
func plain(s string) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || short[c] != 0 {
			return i
		}
	}
	return len(s)
}

// short holds the letters of the two-character escapes.
var short = [utf8.RuneSelf]byte{'"': '"', '\\': '\\', '\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r'}

func appendASCII(dst []byte, c byte) []byte {
	if short[c] != 0 {
		return append(dst, '\\', short[c])
	}
	return fmt.Appendf(dst, `\u%04X`, c)
}
