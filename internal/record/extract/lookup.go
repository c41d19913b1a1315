package extract

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// errBroken is met only where a document was not checked before: Lookup steps over values without judging them.
var errBroken = errors.New("the JSON breaks off or is malformed")

// Lookup finds the value that p names in raw, a JSON document that was checked before. value shares raw's memory. found
// is false where the document has no such place, as with "-", the element behind an array's last. Of members with
// equal names the first counts.
func (p Pointer) Lookup(raw []byte) (value []byte, found bool, err error) {
	at := space(raw, 0)
	for _, token := range p.tokens {
		if at, found, err = enter(raw, at, token); !found {
			return nil, false, err
		}
	}
	end, err := skip(raw, at)
	if err != nil {
		return nil, false, err
	}
	return raw[at:end], true, nil
}

// Scalar is the text of an offset value: a string unescaped, a number or boolean as it was written, so that no digit is
// lost. found is false for null and for nil; an object, an array or a string that is no Unicode text is an error.
func Scalar(raw []byte) (text string, found bool, err error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return "", false, nil
	}
	switch raw[0] {
	case '{', '[':
		return "", false, errors.New("is an object or an array, not a string, number or boolean")
	case '"':
		if bare := raw[1:max(1, len(raw)-1)]; bytes.IndexByte(bare, '\\') < 0 && utf8.Valid(bare) {
			return string(bare), true, nil
		}
		plain, err := jsontext.AppendUnquote(nil, raw)
		return string(plain), err == nil, err
	}
	return string(raw), true, nil
}

// enter steps from the value at into its child named token and returns where that starts.
func enter(raw []byte, at int, token string) (int, bool, error) {
	if at >= len(raw) {
		return 0, false, errBroken
	}
	switch raw[at] {
	case '{':
		return member(raw, at, token)
	case '[':
		if n, ok := arrayIndex(token); ok {
			return element(raw, at, n)
		}
	}
	return 0, false, nil
}

func member(raw []byte, at int, name string) (int, bool, error) {
	for at = space(raw, at+1); at < len(raw) && raw[at] != '}'; {
		end, err := skip(raw, at)
		if err != nil {
			return 0, false, err
		}
		value := space(raw, end)
		if value >= len(raw) || raw[value] != ':' {
			return 0, false, errBroken
		}
		value = space(raw, value+1)
		if named(raw[at:end], name) {
			return value, true, nil
		}
		if at, err = next(raw, value); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}

func element(raw []byte, at, n int) (int, bool, error) {
	var err error
	for at = space(raw, at+1); at < len(raw) && raw[at] != ']'; n-- {
		if n == 0 {
			return at, true, nil
		}
		if at, err = next(raw, at); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}

// next steps over the value at and the comma behind it.
func next(raw []byte, at int) (int, error) {
	end, err := skip(raw, at)
	if err != nil {
		return 0, err
	}
	if end = space(raw, end); end < len(raw) && raw[end] == ',' {
		end = space(raw, end+1)
	}
	return end, nil
}

// named compares a quoted name with a plain one, unquoting it only where it has escapes.
func named(quoted []byte, name string) bool {
	if len(quoted) < 2 {
		return false
	}
	if bare := quoted[1 : len(quoted)-1]; bytes.IndexByte(bare, '\\') < 0 {
		return string(bare) == name
	}
	plain, err := jsontext.AppendUnquote(nil, quoted)
	return err == nil && string(plain) == name
}

// arrayIndex reads an array index of RFC 6901: digits without a leading zero.
func arrayIndex(token string) (int, bool) {
	n, err := strconv.ParseUint(token, 10, 31)
	return int(n), err == nil && strconv.Itoa(int(n)) == token
}

// skip returns where the value at ends. It always moves on.
func skip(raw []byte, at int) (int, error) {
	if at >= len(raw) {
		return 0, errBroken
	}
	switch raw[at] {
	case '"':
		return skipString(raw, at)
	case '{', '[':
		return skipNested(raw, at)
	}
	end := at
	for end < len(raw) && !ends(raw[end]) {
		end++
	}
	if end == at {
		return 0, errBroken
	}
	return end, nil
}

// skipString looks for a quote that has an even number of backslashes before it.
func skipString(raw []byte, at int) (int, error) {
	for end := at + 1; ; end++ {
		n := bytes.IndexByte(raw[end:], '"')
		if n < 0 {
			return 0, errBroken
		}
		end += n
		escapes := end - 1
		for escapes > at && raw[escapes] == '\\' {
			escapes--
		}
		if (end-1-escapes)%2 == 0 {
			return end + 1, nil
		}
	}
}

func skipNested(raw []byte, at int) (int, error) {
	for depth := 0; at < len(raw); at++ {
		switch raw[at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1, nil
			}
		case '"':
			end, err := skipString(raw, at)
			if err != nil {
				return 0, err
			}
			at = end - 1
		}
	}
	return 0, errBroken
}

func space(raw []byte, at int) int {
	for at < len(raw) && (raw[at] == ' ' || raw[at] == '\n' || raw[at] == '\t' || raw[at] == '\r') {
		at++
	}
	return at
}

// ends reports whether c stands behind a number or literal.
func ends(c byte) bool {
	switch c {
	case ',', ':', ']', '}', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}
