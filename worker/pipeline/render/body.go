package render

import (
	"errors"
	"fmt"
	"strings"
)

// Header is the template of a header's value.
type Header struct{ value Template }

// CompileHeader checks a header's name and splits its value; property says where it stands, fields which of a work item's
// values it may hold.
func CompileHeader(property, name, value string, fields ...string) (Header, error) {
	if name == "" || strings.IndexFunc(name, func(r rune) bool { return !token(r) }) >= 0 {
		return Header{}, fmt.Errorf("%s: %q is no header name", property, name)
	}
	t, err := parse(property+": "+name, value, inHeader, fields)
	for _, p := range t.parts {
		if _, bad := headerValue(p.text); bad != nil && err == nil {
			err = fmt.Errorf("%s: %s: %w", property, name, bad)
		}
	}
	return Header{t}, err
}

// token says which characters a header's name may have.
func token(r rune) bool {
	return r < 0x80 && (alphanumeric(byte(r)) || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
}

// Uses reports whether the placeholder name occurs.
func (h Header) Uses(name string) bool { return h.value.Uses(name) }

// Render puts values in. A control character is refused.
func (h Header) Render(v Values) (string, error) {
	b, err := h.value.append(nil, v)
	return string(b), err
}

// Body is the template of a request's body.
type Body struct{ text Template }

// CompileBody splits a body. contentType, which may be empty, tells how values are encoded: as JSON, as a form, or
// not at all, in which case only harmless ones are let in. fields are the names of a work item's values that it may hold.
func CompileBody(text, contentType string, fields ...string) (Body, error) {
	const property = "http.request.body"
	switch {
	case strings.Contains(strings.ToLower(contentType), "x-www-form-urlencoded"):
		t, err := parse(property, text, inForm, fields)
		return Body{t}, err
	case strings.Contains(strings.ToLower(contentType), "json"), contentType == "" && looksLikeJSON(text):
		t, err := parse(property, text, inJSON, fields)
		if err != nil {
			return Body{}, err
		}
		return Body{t}, markStrings(t)
	default:
		t, err := parse(property, text, inText, fields)
		return Body{t}, err
	}
}

// looksLikeJSON reports whether a body without a content type is taken for JSON: it begins with { or [.
func looksLikeJSON(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && (text[0] == '{' || text[0] == '[')
}

// markStrings tells the placeholders that stand within a string literal from those that stand bare, and those that
// stand in a string within a string, as GraphQL has them.
func markStrings(t Template) error {
	var quoted, inner, escaped bool
	for i, p := range t.parts {
		switch {
		case p.name != "" && quoted && inner:
			t.parts[i].place = inInnerString
		case p.name != "" && quoted:
			t.parts[i].place = inJSONString
		}
		for _, c := range []byte(p.text) {
			switch {
			case escaped:
				escaped = false
				inner = inner != (c == '"')
			case c == '\\':
				escaped = quoted
			case c == '"':
				quoted, inner = !quoted, false
			}
		}
	}
	if quoted {
		return errors.New("http.request.body: a string literal is not closed")
	}
	return nil
}

// Uses reports whether the placeholder name occurs.
func (b Body) Uses(name string) bool { return b.text.Uses(name) }

// Render puts values in; nil for an empty template.
func (b Body) Render(v Values) ([]byte, error) {
	if len(b.text.parts) == 0 {
		return nil, nil
	}
	out, err := b.text.append(nil, v)
	if err != nil {
		return nil, fmt.Errorf("http.request.body: %w", err)
	}
	return out, nil
}
