package document

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// member is one "key": value of an object.
type member struct {
	key   string
	at    int
	value value
}

// value is a JSON value as far as a connector document needs it.
type value struct {
	kind    kind
	text    string // text, or the literal of a number or boolean
	members []member
}

type kind uint8

const (
	text kind = iota
	null
	object
	array
)

// parseJSON tells the three JSON forms apart: when the document has an object "config", the properties are there.
func parseJSON(data []byte) (Document, error) {
	s := &scanner{data: data}
	root, err := s.document()
	if err != nil {
		return Document{}, err
	}
	if root.kind != object {
		return Document{}, s.errorAt(0, "expected an object")
	}
	d := Document{Warnings: s.warnings}
	members := root.members
	for _, m := range root.members {
		if m.key == "config" && m.value.kind == object {
			members = m.value.members
			d.Name, d.Warnings = beside(root.members, d.Warnings)
		}
	}
	d.Properties, d.Warnings, err = flatten(s, members, d.Warnings)
	return d, err
}

// beside reads what stands next to "config".
func beside(members []member, warnings []property.Warning) (name string, _ []property.Warning) {
	for _, m := range members {
		switch m.key {
		case "name":
			name = m.value.text
		case "config", "tasks", "type", "id": // what GET /connectors/{name} answers
		default:
			warnings = append(warnings, property.Warning{
				Property: m.key, Problem: "stands beside config and is not used", Hint: "properties go inside config",
			})
		}
	}
	return name, warnings
}

func flatten(s *scanner, members []member, warnings []property.Warning) (map[string]string, []property.Warning, error) {
	properties := make(map[string]string, len(members))
	seen := make(map[string]int, len(members))
	var faults []error
	for _, m := range members {
		if first, twice := seen[m.key]; twice {
			warnings = append(warnings, duplicate(m.key, s.place(first), s.place(m.at)))
		}
		seen[m.key] = m.at
		delete(properties, m.key)
		switch m.value.kind {
		case text:
			properties[m.key] = m.value.text
		case object, array:
			faults = append(faults, &property.Fault{
				Property: m.key, Problem: "is an object or array, at " + s.place(m.at),
				Hint: "write the value as text; JSON inside it needs its quotes escaped",
			})
		}
	}
	return properties, warnings, errors.Join(faults...)
}

func duplicate(key, first, last string) property.Warning {
	return property.Warning{
		Property: key, Problem: fmt.Sprintf("is set twice, at %s and %s", first, last), Hint: "the last one counts",
	}
}

// place writes a byte offset as line:column.
func (s *scanner) place(at int) string {
	line, column := position(s.data, at)
	return fmt.Sprintf("%d:%d", line, column)
}

func (s *scanner) errorAt(at int, problem string) error {
	line, column := position(s.data, at)
	return &Error{Line: line, Column: column, Problem: problem}
}

func position(data []byte, at int) (line, column int) {
	before := string(data[:min(at, len(data))])
	return strings.Count(before, "\n") + 1, len(before) - strings.LastIndexByte(before, '\n')
}
