package render

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/headwater/headwater/internal/connector"
)

// compilePath splits a path, puts its path parameters' templates in place of {name} and ${name}, and encodes literal text:
// behind the first question mark for a query.
func compilePath(path string, params []connector.Pair) (Template, error) {
	head, query, hasQuery := strings.Cut(path, "?")
	t, err := expand(head, params)
	if err != nil {
		return t, err
	}
	if !hasQuery {
		return t, nil
	}
	q, err := parse("http.api.path", query, inQuery)
	if err != nil {
		return t, err
	}
	t.parts = append(t.parts, part{text: "?", place: inQuery})
	t.parts = append(t.parts, q.literals(literalQuery).parts...)
	return t, nil
}

// variable is a path parameter as it stands in a path.
var variable = regexp.MustCompile(`\$?\{([A-Za-z0-9_.-]+)\}`)

func expand(path string, params []connector.Pair) (Template, error) {
	var t Template
	for path != "" {
		at := variable.FindStringSubmatchIndex(path)
		if at == nil {
			at = []int{len(path), len(path), 0, 0}
		}
		if literal := path[:at[0]]; literal != "" {
			t.parts = append(t.parts, part{text: pathText(literal), place: inPath})
		}
		if at[1] > at[0] {
			parts, err := variableParts(path[at[0]:at[1]], path[at[2]:at[3]], params)
			if err != nil {
				return t, err
			}
			t.parts = append(t.parts, parts...)
		}
		path = path[at[1]:]
	}
	return t, nil
}

// variableParts is what stands for {name} or ${name} in a path.
func variableParts(text, name string, params []connector.Pair) ([]part, error) {
	for _, p := range params {
		if p.Name != name {
			continue
		}
		t, err := parse("http.path.parameters: "+name, p.Value, inPath)
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
	t, err := parse("http.api.path", text, inPath)
	return t.parts, err
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

// renderPath puts values into a path. link reports that the offset went in as a link.
func renderPath(t Template, v Values) (path string, link bool, err error) {
	var b []byte
	for _, p := range t.parts {
		switch {
		case p.name == "":
			b = append(b, p.text...)
		case p.place == inPath && p.name == "offset" && v.Link && isLink(v.Offset):
			link = true
			if b, err = appendLink(b, v.Offset); err != nil {
				return "", false, err
			}
		default:
			encoded, err := encode(v.get(p.name), p.place)
			if err != nil {
				return "", false, fmt.Errorf("${%s}: %w", p.name, err)
			}
			if encoded == "" && p.owned {
				return "", false, fmt.Errorf("${%s} is empty, and a path parameter must not be", p.name)
			}
			b = append(b, encoded...)
		}
	}
	return string(b), link, nil
}

func isLink(s string) bool {
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "?") || absolute(s)
}

// appendLink puts a link into a path: a whole URL only at its beginning, a slash not twice.
func appendLink(b []byte, value string) ([]byte, error) {
	clean, err := Link(value)
	if err != nil {
		return nil, err
	}
	if absolute(clean) && len(b) > 0 {
		return nil, fmt.Errorf("the link %q must not stand within a path", value)
	}
	if len(b) > 0 && b[len(b)-1] == '/' {
		clean = strings.TrimPrefix(clean, "/")
	}
	return append(b, clean...), nil
}

// Link makes a link that an API gave fit for a request line: blanks and the like are encoded, all else stays to the
// byte, and the fragment goes.
func Link(value string) (string, error) {
	if strings.IndexFunc(value, control) >= 0 {
		return "", fmt.Errorf("the link %q has a control character", value)
	}
	value, _, _ = strings.Cut(value, "#")
	return literal(value, literalLink), nil
}
