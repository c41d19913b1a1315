//go:build !proof

// Package proof lets the tests of exactly once strike where it hurts: it names the points at which a worker can be
// killed, and the rules that can be broken on purpose. Only a build with the tag proof can do either; in every other
// build both functions are empty and cost nothing.
package proof

// Point is a named place to die at.
func Point(string) {}

// Broken reports whether a rule is broken on purpose: never, in this build.
func Broken(string) bool { return false }
