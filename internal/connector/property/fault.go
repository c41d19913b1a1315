package property

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Hidden is what is shown in place of a secret.
const Hidden = "***"

// Fault is one thing that is wrong with one property. All faults of a configuration are reported together.
type Fault struct {
	Property string // as it was written
	Value    string // as it was written; secrets are ***, provider references stand unresolved; empty: absent
	Problem  string // what is wrong
	Hint     string // what to write instead
}

// Error implements error: property=value: problem (hint).
func (f *Fault) Error() string { return line(f.Property, f.Value, f.Problem, f.Hint) }

// Warning is something that a person should know although the configuration is taken.
type Warning struct {
	Property string
	Value    string // as in Fault
	Problem  string
	Hint     string // may be empty
}

// String returns the warning as one line.
func (w Warning) String() string { return line(w.Property, w.Value, w.Problem, w.Hint) }

func line(name, value, problem, hint string) string {
	s := name
	if value != "" {
		s += fmt.Sprintf("=%q", shorten(value))
	}
	s += ": " + problem
	if hint != "" {
		s += " (" + hint + ")"
	}
	return s
}

// shorten keeps one line of a message readable; a value may be a whole JSON document.
func shorten(s string) string {
	const most = 200
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// Reference reports whether the whole of value is one provider reference, as ${file:/etc/headwater/secrets:password}.
func Reference(value string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(value), "${")
	if !ok {
		return false
	}
	name, rest, ok := strings.Cut(rest, ":")
	return ok && name != "" && strings.IndexByte(rest, '}') == len(rest)-1 && len(rest) > 1
}
