package render

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/headwater/headwater/internal/connector"
)

// compilePath splits a path, puts its path parameters' templates in place of {name} and ${name}, and encodes literal text:
// behind the first question mark for a query.
func compilePath(path string, params []connector.Pair, fields []string) (Template, error) {
	head, query, hasQuery := strings.Cut(path, "?")
	t, err := expander{params, fields}.expand(head)
	if err == nil {
		err = t.fixedHost()
	}
	if err != nil {
		return t, err
	}
	if !hasQuery {
		return t, nil
	}
	q, err := parse("http.api.path", query, inQuery, fields)
	if err != nil {
		return t, err
	}
	t.parts = append(t.parts, part{text: "?", place: inQuery})
	t.parts = append(t.parts, q.literals(literalQuery).parts...)
	return t, nil
}

// expander finds out what stands for a name in a path.
type expander struct {
	params []connector.Pair
	fields []string
}

// variables finds {name} and ${name} in a path; a field's name may look like anything.
func (e expander) variables() *regexp.Regexp {
	forms := []string{`\$?\{[A-Za-z0-9_.-]+\}`}
	for _, f := range e.fields {
		forms = append(forms, regexp.QuoteMeta("${"+f+"}"))
	}
	return regexp.MustCompile(strings.Join(forms, "|"))
}

func (e expander) expand(path string) (Template, error) {
	var t Template
	at := 0
	for _, found := range e.variables().FindAllStringIndex(path, -1) {
		if at < found[0] {
			t.parts = append(t.parts, part{text: pathText(path[at:found[0]]), place: inPath})
		}
		parts, err := e.stands(path[found[0]:found[1]])
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, parts...)
		at = found[1]
	}
	if at < len(path) {
		t.parts = append(t.parts, part{text: pathText(path[at:]), place: inPath})
	}
	return t, nil
}

// stands is what stands for {name} or ${name} in a path.
func (e expander) stands(text string) ([]part, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(text, "$"), "{"), "}")
	for _, p := range e.params {
		if p.Name != name {
			continue
		}
		t, err := parse("http.path.parameters: "+name, p.Value, inPath, e.fields)
		if err != nil {
			return nil, err
		}
		t = t.literals(strings.Trim(literalPath, "/"))
		for i := range t.parts {
			t.parts[i].owned = true
		}
		if len(t.parts) == 0 {
			return nil, fmt.Errorf("http.path.parameters: %s has no value", name)
		}
		return t.parts, nil
	}
	if text[0] == '{' {
		return nil, fmt.Errorf("http.api.path: {%s} has no value; add %s:value to http.path.parameters", name, name)
	}
	t, err := parse("http.api.path", text, inPath, e.fields)
	return t.parts, err
}

// fixedHost refuses a path that is a whole URL, or may become one, by a field: a record could lead requests anywhere.
func (t Template) fixedHost() error {
	const field = "\x00"
	text := ""
	for _, p := range t.parts {
		if p.field {
			text += field
		}
		text += p.text
	}
	scheme, rest, whole := strings.Cut(text, "://")
	host, _, _ := strings.Cut(rest, "/")
	if whole && strings.Contains(scheme, field) && !strings.Contains(scheme, "/") || absolute(text) && strings.Contains(host, field) {
		return errors.New("http.api.path: a field of the parent record must not stand in the scheme or host")
	}
	return nil
}

// pathText is a path's literal text; a scheme at its beginning stays.
func pathText(text string) string { return literal(text, literalPath) }

// literals encodes the template's literal text once and for all.
func (t Template) literals(allowed string) Template {
	for i, p := range t.parts {
		if p.name == "" {
			t.parts[i].text = literal(p.text, allowed)
		}
	}
	return t
}

// appendPath puts values into a path. link reports that the offset went in as a link.
func appendPath(b []byte, t Template, v Values) (_ []byte, link bool, err error) {
	for _, p := range t.parts {
		switch {
		case p.name == "":
			b = append(b, p.text...)
		case p.place == inPath && p.name == "offset" && v.Link && isLink(v.Offset):
			link = true
			if b, err = appendLink(b, v.Offset); err != nil {
				return nil, false, err
			}
		default:
			encoded, err := v.fill(p)
			if err != nil {
				return nil, false, err
			}
			if encoded == "" && p.owned {
				return nil, false, fmt.Errorf("${%s} is empty, and a path parameter must not be", p.name)
			}
			b = append(b, encoded...)
		}
	}
	return b, link, nil
}
