// Package render makes requests out of templates: ${offset}, ${start_time}, ${end_time}, ${primary_key} and the fields of
// a child API's work item anywhere, {name} path parameters in the path.
//
// A template is split into literal text and placeholders once, when the configuration is read; values are put in later
// and encoded for the place where they stand. So no value, whoever served it, can add a parameter, a header or a path
// segment, or leave the directory that the template names. The package is pure.
package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Values are what placeholders stand for.
type Values struct {
	Offset, StartTime, EndTime, PrimaryKey string
	// Link says that Offset may be a link: where it stands in the path and starts with /, ?, http:// or https://, it is
	// put in as it is.
	Link bool
	// Fields are a work item's values by the names of connector.API.Placeholders. They are never changed.
	Fields map[string]string
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
	// field marks the placeholder of a work item's value.
	field bool
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

// parse splits text at ${name}; any other $ is literal. Every placeholder must be known, or one of fields; where says in
// which property it stands.
func parse(where, text string, at place, fields []string) (Template, error) {
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
		case slices.Contains(fields, name):
			t.parts = append(t.parts, part{name: name, place: at, field: true})
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

// get is what a placeholder stands for.
func (v Values) get(p part) (string, error) {
	switch {
	case p.field:
		value, ok := v.Fields[p.name]
		if !ok {
			return "", errors.New("the work item has no such value")
		}
		return value, nil
	case p.name == "offset":
		return v.Offset, nil
	case p.name == "start_time":
		return v.StartTime, nil
	case p.name == "end_time":
		return v.EndTime, nil
	}
	return v.PrimaryKey, nil
}

// FieldError says that a work item's value cannot stand where a template has it. Whatever the offset is, no request can be
// made for that item.
type FieldError struct {
	Name string // the placeholder's name
	Err  error
}

// Error implements error.
func (e *FieldError) Error() string { return "${" + e.Name + "}: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// fill is a placeholder's value, encoded for its place.
func (v Values) fill(p part) (string, error) {
	value, err := v.get(p)
	if err == nil {
		value, err = encode(value, p.place)
	}
	switch {
	case err != nil && p.field:
		return "", &FieldError{p.name, err}
	case err != nil:
		return "", fmt.Errorf("${%s}: %w", p.name, err)
	case value == "" && p.field && p.place == inPath:
		return "", &FieldError{p.name, errors.New("is empty, and a path segment must not be")}
	}
	return value, nil
}

// append writes the template with its values encoded for their places.
func (t Template) append(dst []byte, v Values) ([]byte, error) {
	for _, p := range t.parts {
		if p.name == "" {
			dst = append(dst, p.text...)
			continue
		}
		value, err := v.fill(p)
		if err != nil {
			return nil, err
		}
		dst = append(dst, value...)
	}
	return dst, nil
}
