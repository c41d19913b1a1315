// Package connector says WHAT is to be fetched: a connector's configuration, parsed and checked as a whole.
package connector

import (
	"fmt"
	"strings"
)

// Secret is a value that must not be seen. Every way of printing it gives ***.
type Secret struct{ value string }

// NewSecret hides value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the value for the one place that sends it.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.value == "" }

// String implements fmt.Stringer.
func (Secret) String() string { return "***" }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return "***" }

// Format implements fmt.Formatter, which %x and %d would else go round.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// MarshalText implements encoding.TextMarshaler, and so JSON and slog.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// StatusRange is an inclusive range of HTTP status codes.
type StatusRange struct{ From, To int }

// StatusRanges is retry.on.status.codes.
type StatusRanges []StatusRange

// Contains reports whether code is in one of the ranges.
func (r StatusRanges) Contains(code int) bool {
	for _, x := range r {
		if x.From <= code && code <= x.To {
			return true
		}
	}
	return false
}

// String writes the ranges as the property takes them.
func (r StatusRanges) String() string {
	items := make([]string, len(r))
	for i, x := range r {
		items[i] = fmt.Sprintf("%d-%d", x.From, x.To)
	}
	return strings.Join(items, ",")
}
