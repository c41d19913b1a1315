package access

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// maxEntries bounds what is compared at each call.
const maxEntries = 1000

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9._@-]{1,128}$`)

// entry is one user or token.
type entry struct {
	name string
	hash hash
	role Role
}

// parseEntries reads name:hash:role, separated by blanks, commas or lines; a line that begins with # is a comment. Errors
// tell the line and never quote it.
func parseEntries(text string, parse func(string) (hash, error)) ([]entry, error) {
	var entries []entry
	seen := map[string]bool{}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for item := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ',' || unicode.IsSpace(c) }) {
			e, err := parseEntry(item, parse)
			if err == nil && seen[e.name] {
				err = errors.New("the name is there already")
			}
			if err == nil && len(entries) == maxEntries {
				err = fmt.Errorf("more than %d entries", maxEntries)
			}
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			seen[e.name] = true
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func parseEntry(item string, parse func(string) (hash, error)) (entry, error) {
	parts := strings.Split(item, ":")
	if len(parts) != 3 {
		return entry{}, errors.New("not of the form name:hash:role")
	}
	role, ok := ParseRole(parts[2])
	switch {
	case !nameForm.MatchString(parts[0]):
		return entry{}, errors.New("the name is not made of at most 128 of the characters a-z A-Z 0-9 . _ @ -")
	case !ok || role == Open:
		return entry{}, errors.New("the role is none of viewer, operator, editor, admin")
	}
	h, err := parse(parts[1])
	return entry{parts[0], h, role}, err
}
