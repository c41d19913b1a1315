package document

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/headwater/headwater/internal/connector/property"
)

// Properties reads a Java .properties file: comments of # and !, continued lines, =, : or a blank between key and value,
// and escapes. The text is UTF-8, or Latin-1 where it is not valid UTF-8. A key that comes twice counts as written last.
func Properties(data []byte) (map[string]string, []property.Warning, error) {
	properties := map[string]string{}
	lines := map[string]string{}
	var warnings []property.Warning
	f := &propertiesFile{rest: utf8Text(data)}
	for {
		text, number, ok := f.logicalLine()
		if !ok {
			return properties, warnings, nil
		}
		key, value, err := keyValue(text, number)
		if err != nil {
			return nil, nil, err
		}
		at := fmt.Sprintf("line %d", number)
		if first, twice := lines[key]; twice {
			warnings = append(warnings, duplicate(key, first, at))
		}
		lines[key], properties[key] = at, value
	}
}

func utf8Text(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	latin := make([]rune, len(data))
	for i, b := range data {
		latin[i] = rune(b)
	}
	return string(latin)
}

type propertiesFile struct {
	rest string
	line int // lines taken so far
}

// logicalLine returns the next line that is neither blank nor comment, with its continuations, and the number it starts at.
func (f *propertiesFile) logicalLine() (text string, number int, ok bool) {
	for f.rest != "" {
		text = f.naturalLine()
		if text == "" || text[0] == '#' || text[0] == '!' {
			continue
		}
		number = f.line
		var whole strings.Builder
		for continues(text) {
			whole.WriteString(text[:len(text)-1])
			text = f.naturalLine()
		}
		whole.WriteString(text)
		return whole.String(), number, true
	}
	return "", 0, false
}

// naturalLine takes one line, without its leading blanks and its end (\n, \r or \r\n).
func (f *propertiesFile) naturalLine() string {
	line := f.rest
	if end := strings.IndexAny(f.rest, "\r\n"); end < 0 {
		f.rest = ""
	} else {
		next := end + 1
		if strings.HasPrefix(f.rest[end:], "\r\n") {
			next++
		}
		line, f.rest = f.rest[:end], f.rest[next:]
	}
	f.line++
	return strings.TrimLeft(line, blanks)
}

const blanks = " \t\f"

// continues reports whether line ends in an odd number of backslashes.
func continues(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

// keyValue splits at the first =, : or blank that is not escaped.
func keyValue(line string, number int) (key, value string, err error) {
	end := 0
	for end < len(line) && strings.IndexByte("=:"+blanks, line[end]) < 0 {
		if line[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(line))
	rest := strings.TrimLeft(line[end:], blanks)
	if rest != "" && (rest[0] == '=' || rest[0] == ':') {
		rest = strings.TrimLeft(rest[1:], blanks)
	}
	if key, err = unescape(line[:end], number); err != nil {
		return "", "", err
	}
	value, err = unescape(rest, number)
	return key, value, err
}

// unescape undoes \t, \n, \r, \f and \uXXXX; a backslash before anything else is dropped.
func unescape(s string, number int) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var out bytes.Buffer
	var units []uint16 // of \u escapes next to each other, which may be halves of one character
	flush := func() {
		out.WriteString(string(utf16.Decode(units)))
		units = units[:0]
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			flush()
			out.WriteByte(s[i])
			continue
		}
		i++
		if s[i] != 'u' {
			flush()
			out.WriteByte(plain(s[i]))
			continue
		}
		unit, err := strconv.ParseUint(s[i+1:min(i+5, len(s))], 16, 16)
		if err != nil || i+5 > len(s) {
			return "", &Error{Line: number, Column: 1, Problem: `holds a \u that is not followed by four hex digits`}
		}
		units = append(units, uint16(unit))
		i += 4
	}
	flush()
	return out.String(), nil
}

func plain(c byte) byte {
	switch c {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	}
	return c
}
