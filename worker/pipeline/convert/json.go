// Package convert turns a record's value into the bytes that a topic gets. It is pure.
package convert

import "github.com/headwater/headwater/internal/record"

// JSON is output.data.format=JSON: schemaless, without a registry. The bytes stay as the API sent them, so that no
// number loses a digit and no field its place.
type JSON struct{}

// Convert returns the value's bytes; it never fails.
func (JSON) Convert(r record.Record) ([]byte, error) { return r.Value, nil }
