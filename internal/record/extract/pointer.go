// Package extract finds values in JSON documents by JSON Pointer (RFC 6901) and splits a response into its records.
package extract

import (
	"fmt"
	"strings"
)

// Pointer is a compiled JSON Pointer. The zero value is the whole document.
type Pointer struct {
	text   string
	tokens []string
}

// ParsePointer compiles s, which must be empty or start with a slash.
func ParsePointer(s string) (Pointer, error) {
	if s == "" {
		return Pointer{}, nil
	}
	if s[0] != '/' {
		return Pointer{}, fmt.Errorf("JSON pointer %q must be empty or start with /", s)
	}
	tokens := strings.Split(s[1:], "/")
	for i, t := range tokens {
		plain, err := unescape(t)
		if err != nil {
			return Pointer{}, fmt.Errorf("JSON pointer %q: %w", s, err)
		}
		tokens[i] = plain
	}
	return Pointer{text: s, tokens: tokens}, nil
}

// Member is the pointer to a value inside of objects within each other, by their members' names.
func Member(names ...string) Pointer {
	p := Pointer{tokens: names}
	for _, name := range names {
		p.text += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	return p
}

// String returns the pointer as it was written.
func (p Pointer) String() string { return p.text }

// unescape undoes ~1 and ~0; any other ~ is an error.
func unescape(t string) (string, error) {
	if !strings.Contains(t, "~") {
		return t, nil
	}
	bare := strings.NewReplacer("~0", "", "~1", "").Replace(t)
	if strings.Contains(bare, "~") {
		return "", fmt.Errorf("%q has a ~ that is neither ~0 nor ~1", t)
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(t), nil
}
