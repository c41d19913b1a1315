// Package document reads a connector's properties out of the forms in which people keep them: the JSON documents of the
// Connect REST API, flat JSON and Java .properties files.
package document

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/headwater/headwater/internal/connector/property"
)

// MaxBytes bounds a document. A connector with fifteen APIs and large bodies stays far below it.
const MaxBytes = 1 << 20

// Document is a connector's properties as they were written, provider references unresolved.
type Document struct {
	Name       string // the connector's name; empty: the document has none
	Properties map[string]string
	Warnings   []property.Warning
}

// Error is text that cannot be read as a document at all.
type Error struct {
	File         string // as the caller names it
	Line, Column int    // from 1; Column counts bytes
	Problem      string
}

// Error implements error: file:line:column: problem.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
}

// Parse reads a document of any form. file names it in errors. JSON numbers and booleans become their text, null is as good
// as absent; a key that comes twice counts as written last, with a warning. The error is one *Error, or *property.Fault of
// properties whose values have no text, joined.
func Parse(file string, data []byte) (Document, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(data) > MaxBytes {
		return Document{}, &Error{File: file, Line: 1, Column: 1, Problem: fmt.Sprintf("is larger than %d bytes", MaxBytes)}
	}
	d, err := parse(data)
	if e, ok := errors.AsType[*Error](err); ok {
		e.File = file
	}
	if err != nil {
		return Document{}, err
	}
	return named(d)
}

func parse(data []byte) (Document, error) {
	switch first := bytes.TrimLeft(data, " \t\r\n"); {
	case len(first) == 0:
		return Document{}, &Error{Line: 1, Column: 1, Problem: "is empty; expected JSON or a .properties file"}
	case first[0] == '{' || first[0] == '[':
		return parseJSON(data)
	}
	properties, warnings, err := Properties(data)
	return Document{Properties: properties, Warnings: warnings}, err
}

// named makes the name beside "config" and the property name one.
func named(d Document) (Document, error) {
	inner, ok := d.Properties["name"]
	switch {
	case d.Name == "":
		d.Name = inner
	case !ok || inner == "":
		d.Properties["name"] = d.Name
	case inner != d.Name:
		return Document{}, &property.Fault{
			Property: "name", Value: inner, Problem: fmt.Sprintf("differs from the name %q beside config", d.Name),
			Hint: "write the same name in both places, or in one only",
		}
	}
	return d, nil
}
