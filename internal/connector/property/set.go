package property

import "time"

// Text stores a value as it stands.
func Text[T any](field func(*T) *string) func(*T, Value) error {
	return func(t *T, v Value) error { *field(t) = v.Text; return nil }
}

// Whole stores a number. The row's bounds must fit N.
func Whole[T any, N ~int | ~int16 | ~int32 | ~int64](field func(*T) *N) func(*T, Value) error {
	return func(t *T, v Value) error { *field(t) = N(v.Int); return nil }
}

// Millis stores a number of milliseconds.
func Millis[T any](field func(*T) *time.Duration) func(*T, Value) error {
	return func(t *T, v Value) error { *field(t) = time.Duration(v.Int) * time.Millisecond; return nil }
}

// Flag stores a boolean.
func Flag[T any](field func(*T) *bool) func(*T, Value) error {
	return func(t *T, v Value) error { *field(t) = v.Bool; return nil }
}

// Pick stores a choice as its index in Row.Choices.
func Pick[T any, E ~uint8](field func(*T) *E) func(*T, Value) error {
	return func(t *T, v Value) error { *field(t) = E(v.Choice); return nil }
}
