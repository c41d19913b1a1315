package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/headwater/headwater/internal/connector/property"
)

// maxDepth bounds nesting; the forms in use need three levels.
const maxDepth = 32

// scanner reads JSON and knows where it stands. Unlike encoding/json it forgives a comma before a closing bracket, which
// the product's own sample has.
type scanner struct {
	data     []byte
	at       int
	depth    int
	warnings []property.Warning
}

func (s *scanner) document() (value, error) {
	if !utf8.Valid(s.data) {
		return value{}, s.errorAt(firstInvalid(s.data), "is not valid UTF-8")
	}
	v, err := s.value()
	if err != nil {
		return value{}, err
	}
	if s.skipSpace(); s.at < len(s.data) {
		return value{}, s.unexpected("nothing after the document's end")
	}
	return v, nil
}

func (s *scanner) value() (value, error) {
	s.skipSpace()
	switch s.peek() {
	case '{':
		return s.object()
	case '[':
		return s.array()
	case '"':
		t, err := s.string()
		return value{kind: text, text: t}, err
	}
	return s.literal()
}

func (s *scanner) object() (value, error) {
	v := value{kind: object}
	err := s.elements('}', func() error {
		start := s.at
		if s.peek() != '"' {
			return s.unexpected("a key in double quotes")
		}
		key, err := s.string()
		if err != nil {
			return err
		}
		if s.skipSpace(); s.peek() != ':' {
			return s.unexpected("a colon after key " + key)
		}
		s.at++
		inner, err := s.value()
		v.members = append(v.members, member{key: key, at: start, value: inner})
		return err
	})
	return v, err
}

// array reads and forgets: no property is an array.
func (s *scanner) array() (value, error) {
	err := s.elements(']', func() error {
		_, err := s.value()
		return err
	})
	return value{kind: array}, err
}

// elements reads what stands between brackets, separated by commas.
func (s *scanner) elements(closing byte, element func() error) error {
	if s.depth++; s.depth > maxDepth {
		return s.errorAt(s.at, "is nested too deeply")
	}
	defer func() { s.depth-- }()
	comma := -1
	for s.at++; ; s.at++ { // over the opening bracket, then over each comma
		s.skipSpace()
		if s.peek() == closing {
			s.at++
			s.forgive(comma)
			return nil
		}
		if err := element(); err != nil {
			return err
		}
		switch s.skipSpace(); s.peek() {
		case ',':
			comma = s.at
		case closing:
			s.at++
			return nil
		default:
			return s.unexpected(fmt.Sprintf("a comma or %c", closing))
		}
	}
}

// forgive warns of a comma that nothing follows; comma is -1 when there is none.
func (s *scanner) forgive(comma int) {
	if comma >= 0 {
		s.warnings = append(s.warnings, property.Warning{
			Property: "document", Problem: "has a comma that nothing follows, at " + s.place(comma), Hint: "remove it: it is no JSON",
		})
	}
}

// string reads a quoted text; s.at is on the opening quote.
func (s *scanner) string() (string, error) {
	start := s.at
	for s.at++; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; {
		case c == '\\':
			s.at++
		case c == '"':
			s.at++
			var t string
			if err := json.Unmarshal(s.data[start:s.at], &t); err != nil {
				return "", s.errorAt(start, "holds a text with an escape that is not valid JSON")
			}
			return t, nil
		case c < ' ':
			return "", s.errorAt(s.at, `holds a line break or control character inside a text; write \n`)
		}
	}
	return "", s.errorAt(start, "holds a text without closing quote")
}

var literals = regexp.MustCompile(`^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)`)

func (s *scanner) literal() (value, error) {
	found := literals.Find(s.data[s.at:])
	if found == nil {
		return value{}, s.unexpected("a value")
	}
	s.at += len(found)
	if string(found) == "null" {
		return value{kind: null}, nil
	}
	return value{kind: text, text: string(found)}, nil
}

func (s *scanner) skipSpace() {
	for s.at < len(s.data) && bytes.IndexByte([]byte(" \t\r\n"), s.data[s.at]) >= 0 {
		s.at++
	}
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return 0
}

func (s *scanner) unexpected(wanted string) error {
	if s.at >= len(s.data) {
		return s.errorAt(s.at, "ends too early: expected "+wanted)
	}
	return s.errorAt(s.at, "expected "+wanted)
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}
