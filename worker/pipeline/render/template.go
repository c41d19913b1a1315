// Package render makes requests out of templates: ${offset}, ${start_time}, ${end_time} and ${primary_key} anywhere,
// {name} path parameters in the path.
//
// A template is split into literal text and placeholders once, when the configuration is read; values are put in later
// and encoded for the place where they stand. So no value, whoever served it, can add a parameter, a header or a path
// segment, or leave the directory that the template names. The package is pure.
package render

import (
	"fmt"
	"strings"
)

// Values are what placeholders stand for.
type Values struct {
	Offset, StartTime, EndTime, PrimaryKey string
	// Link says that Offset may be a link: where it stands in the path and starts with /, ?, http:// or https://, it is
	// put in as it is.
	Link bool
}

// place says what surrounds a placeholder.
type place uint8

const (
	inPath place = iota
	inQuery
	inHeader
	inJSONString
	inInnerString
	inJSON
	inForm
	inText
)

// part is literal text, or a placeholder when name is set.
type part struct {
	text  string
	name  string
	place place
	// owned marks what a path parameter brought in: it must not leave a path segment empty.
	owned bool
}

// Template is literal text with placeholders between.
type Template struct{ parts []part }

// Uses reports whether the placeholder name occurs.
func (t Template) Uses(name string) bool {
	for _, p := range t.parts {
		if p.name == name {
			return true
		}
	}
	return false
}

// parse splits text at ${name}; any other $ is literal. Every placeholder must be known; where says in which property
// it stands.
func parse(where, text string, at place) (Template, error) {
	var t Template
	literal := func(s string) {
		if n := len(t.parts); n > 0 && t.parts[n-1].name == "" {
			t.parts[n-1].text += s
		} else if s != "" {
			t.parts = append(t.parts, part{text: s, place: at})
		}
	}
	for {
		before, rest, found := strings.Cut(text, "${")
		literal(before)
		if !found {
			return t, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		switch {
		case !closed || name == "" || strings.ContainsAny(name, "{\"\n"):
			literal("${")
			after = rest
		case known(name):
			t.parts = append(t.parts, part{name: name, place: at})
		default:
			return t, fmt.Errorf("%s: unknown placeholder ${%s}; known are ${offset}, ${start_time}, ${end_time} and ${primary_key}", where, name)
		}
		text = after
	}
}

func known(name string) bool {
	switch name {
	case "offset", "start_time", "end_time", "primary_key":
		return true
	}
	return false
}

func (v Values) get(name string) string {
	switch name {
	case "offset":
		return v.Offset
	case "start_time":
		return v.StartTime
	case "end_time":
		return v.EndTime
	default:
		return v.PrimaryKey
	}
}

// append writes the template with its values encoded for their places.
func (t Template) append(dst []byte, v Values) ([]byte, error) {
	for _, p := range t.parts {
		if p.name == "" {
			dst = append(dst, p.text...)
			continue
		}
		encoded, err := encode(v.get(p.name), p.place)
		if err != nil {
			return nil, fmt.Errorf("${%s}: %w", p.name, err)
		}
		dst = append(dst, encoded...)
	}
	return dst, nil
}
