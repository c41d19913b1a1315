// Package hidden keeps values that must not be seen.
package hidden

import "fmt"

// Secret is a value that must not be seen. Every way of printing it gives ***.
type Secret struct{ value string }

// New hides value.
func New(value string) Secret { return Secret{value} }

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
