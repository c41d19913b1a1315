// Package order puts offset values into an order, numbers among themselves by size and all else byte by byte. It is pure.
package order

import (
	"cmp"
	"strconv"
	"strings"
)

// Compare orders two offset values: as numbers if both are, else byte by byte.
func Compare(a, b string) int {
	if x, y := whole10(a), whole10(b); x != "" && y != "" {
		return compareWhole(x, y)
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// Numeric reports whether Compare takes a for a number.
func Numeric(a string) bool {
	_, err := strconv.ParseFloat(a, 64)
	return err == nil
}

// whole10 returns a decimal integer of any length without leading zeros; empty if s is none.
func whole10(s string) string {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	digits = strings.TrimLeft(digits, "0")
	switch {
	case digits == "":
		return "0"
	case s[0] == '-':
		return "-" + digits
	}
	return digits
}

func compareWhole(a, b string) int {
	if an, bn := a[0] == '-', b[0] == '-'; an != bn {
		return cmp.Compare(a, b) // a minus sign is less than any digit
	} else if an {
		a, b = b[1:], a[1:]
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
