package render

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/connectjson"
)

// encode makes value safe for its place, or refuses it.
func encode(value string, at place) (string, error) {
	switch at {
	case inPath:
		return segment(value)
	case inQuery, inForm:
		return component(value), nil
	case inHeader:
		return headerValue(value)
	case inJSONString:
		return jsonText(value), nil
	case inInnerString:
		return jsonText(jsonText(value)), nil
	case inJSON:
		return jsonScalar(value)
	default:
		return plainText(value)
	}
}

// segment percent-encodes a path segment. Dots that would climb are refused even behind an encoded slash, because
// servers differ in when they decode.
func segment(value string) (string, error) {
	if bare(value) {
		return value, nil
	}
	if i := strings.IndexFunc(value, control); i >= 0 {
		return "", fmt.Errorf("%q has a control character, which a path must not have", value)
	}
	for s := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '/' || r == '\\' }) {
		if dots(s) {
			return "", fmt.Errorf("%q would leave the path of the template", value)
		}
	}
	return url.PathEscape(value), nil
}

// dots reports whether a path segment is . or .., however it is encoded.
func dots(s string) bool {
	if s == "" || len(s) > len("%2e%2e") || s[0] != '.' && s[0] != '%' { // as nearly always
		return false
	}
	plain, err := url.PathUnescape(s)
	return s == "." || s == ".." || err == nil && (plain == "." || plain == "..")
}

// component percent-encodes a part of a query, a blank as %20, which every server takes.
func component(value string) string {
	if bare(value) {
		return value
	}
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}

func headerValue(value string) (string, error) {
	if strings.IndexFunc(value, func(r rune) bool { return control(r) && r != '\t' }) >= 0 {
		return "", errors.New("a control character must not stand in a header")
	}
	return value, nil
}

// jsonText is what stands between the quotes of a JSON string.
func jsonText(value string) string {
	quoted := connectjson.AppendString(nil, value)
	return string(quoted[1 : len(quoted)-1])
}

// jsonScalar is what stands bare in a JSON body: a number, boolean, null or quoted string goes in as it is, nothing at
// all becomes null, other text is quoted. Objects and arrays are refused.
func jsonScalar(value string) (string, error) {
	trimmed := strings.TrimSpace(value)
	if trimmed == "" {
		return "null", nil
	}
	if raw := jsontext.Value(trimmed); raw.IsValid(jsontext.AllowDuplicateNames(true)) {
		if k := raw.Kind(); k == '{' || k == '[' {
			return "", errors.New("an object or array must not be put into a body; only a string, number, boolean or null")
		}
		return trimmed, nil
	}
	return string(connectjson.AppendString(nil, value)), nil
}

// plainText is for bodies whose language is not known: what could end a string or open a tag there is refused.
func plainText(value string) (string, error) {
	if strings.IndexFunc(value, control) >= 0 || strings.ContainsAny(value, "\"'`<>&\\{}") {
		return "", fmt.Errorf("%q must not be put into a body that is neither JSON nor a form", value)
	}
	return value, nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// The characters that literal text may hold as typed, beside letters and digits. A percent sign stays where it begins an
// escape.
const (
	literalPath  = "-._~!$&'()*+,;=:@/"
	literalQuery = "-._~!$&'()*+,;=:@/?"
	literalLink  = literalQuery + "[]|"
)

// literal encodes what must not stand in a URL and leaves all else as it was typed.
func literal(text, allowed string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if alphanumeric(c) || strings.IndexByte(allowed, c) >= 0 || c == '%' && escape(text[i:]) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// bare reports whether there is nothing in a value to be encoded, as in most there is not.
func bare(value string) bool {
	for i := range len(value) {
		if !alphanumeric(value[i]) {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func escape(s string) bool {
	_, err := url.PathUnescape(s[:min(3, len(s))])
	return err == nil
}
