package pipeline

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/connectjson"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/internal/record/extract"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Parent is what a work item has of its parent record for the child's records (chaining.parent.fields): names and raw JSON.
type Parent struct{ Fields []*headwaterv1.Value }

// into puts the fields where they belong. As headers, a string is its text and all else its JSON.
func (p Parent) into(raw []byte, where connector.ParentInto) ([]byte, []record.Header, error) {
	switch {
	case len(p.Fields) == 0:
		return raw, nil, nil
	case where == connector.ParentIntoValue:
		value, err := p.value(raw)
		return value, nil, err
	}
	headers := make([]record.Header, 0, len(p.Fields))
	for _, f := range p.Fields {
		text := []byte(f.GetValue())
		if s, found, err := extract.Scalar(text); err == nil && found {
			text = []byte(s)
		}
		headers = append(headers, record.Header{Key: f.GetName(), Value: text})
	}
	return raw, headers, nil
}

// value adds the fields to an object, before its own. A name that the record has itself stays the record's.
func (p Parent) value(raw []byte) ([]byte, error) {
	body := bytes.TrimLeft(raw, " \t\r\n")
	if len(body) == 0 || body[0] != '{' {
		return nil, fmt.Errorf("chaining.parent.fields.into=VALUE needs an object, and the record is %s", jsontext.Kind(first(body)))
	}
	body = bytes.TrimLeft(body[1:], " \t\r\n")
	out := []byte{'{'}
	for _, f := range p.Fields {
		if _, found, err := extract.Member(f.GetName()).Lookup(raw); err != nil || found {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(connectjson.AppendString(out, f.GetName()), ':')
		out = append(out, f.GetValue()...)
	}
	if len(out) > 1 && body[0] != '}' {
		out = append(out, ',')
	}
	return append(out, body...), nil
}

func first(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}
