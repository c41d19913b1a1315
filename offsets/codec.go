package offsets

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/connectjson"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/internal/record/extract"
)

// ErrForgotten is what Decode says of a null value: the partition was reset and starts anew.
var ErrForgotten = errors.New("the offset was reset")

// Key returns the key of p's offset record: ["name",{"url":"..."}], without a space.
func Key(p Partition) []byte {
	url := connectjson.Member{Name: "url", Value: connectjson.AppendString(nil, p.URL)}
	return connectjson.AppendArray(nil, connectjson.AppendString(nil, p.Connector), connectjson.AppendObject(nil, url))
}

// Value returns the value of an offset record. Its members stand as a Connect worker would write them back.
func Value(o Offset) []byte {
	members, text := make([]connectjson.Member, 0, 8), make([]byte, 0, 64)
	for i, name := range names {
		value := *o.field(i)
		if i > 0 && value == "" {
			continue
		}
		from := len(text)
		text = connectjson.AppendString(text, value)
		members = append(members, connectjson.Member{Name: name, Value: text[from:]})
	}
	if len(o.Extra) > 0 { // an offset of ours has none, and sorting none allocates
		for _, name := range slices.Sorted(maps.Keys(o.Extra)) {
			members = append(members, connectjson.Member{Name: name, Value: []byte(o.Extra[name])})
		}
	}
	connectjson.SortHashMap(members)
	return connectjson.AppendObject(nil, members...)
}

// Message is the record that stores o for p in topic.
func Message(topic string, p Partition, o Offset) record.Message {
	return record.Message{Topic: topic, Key: Key(p), Value: Value(o)}
}

// Tombstone is the record that makes topic forget p.
func Tombstone(topic string, p Partition) record.Message {
	return record.Message{Topic: topic, Key: Key(p)}
}

// Decode reads an offset record's value, whoever wrote it: numbers are taken as their text, fields that are not ours are
// kept. ErrForgotten means a null value. Any other error means that a person must look: an offset that is not
// understood must never pass for none, or the source would start over.
func Decode(value []byte) (Offset, error) {
	if value == nil {
		return Offset{}, ErrForgotten
	}
	members, err := object(value)
	if err != nil {
		return Offset{}, fmt.Errorf("offset value is no JSON object: %w", err)
	}
	var o Offset
	if raw := members["offset"]; raw == nil || raw.Kind() == 'n' {
		return Offset{}, errors.New(`offset value has no "offset"`)
	}
	for i, name := range names {
		if *o.field(i), err = text(members[name]); err != nil {
			return Offset{}, fmt.Errorf("offset value: %q %w", name, err)
		}
		delete(members, name)
	}
	for name, raw := range members {
		if o.Extra == nil {
			o.Extra = make(map[string]string, len(members))
		}
		o.Extra[name] = string(raw)
	}
	return o, nil
}

// DecodeKey reads an offset record's key. ours is false for a key that is well formed but not of our kind, as another
// connector class's source partition. An error means that Connect could not read it either.
func DecodeKey(key []byte) (p Partition, ours bool, err error) {
	in := jsontext.NewDecoder(bytes.NewReader(key))
	var elements []jsontext.Value
	if in.PeekKind() != '[' {
		return p, false, errors.New("offset key is no JSON array")
	}
	for _, err = in.ReadToken(); err == nil && in.PeekKind() != ']'; {
		var raw jsontext.Value
		raw, err = in.ReadValue()
		elements = append(elements, raw.Clone())
	}
	if err = cmp.Or(err, closed(in)); err != nil {
		return p, false, fmt.Errorf("offset key: %w", err)
	}
	if len(elements) != 2 || elements[0].Kind() != '"' || elements[1].Kind() != '{' && elements[1].Kind() != 'n' {
		return p, false, errors.New("offset key is not a connector's name and its source partition")
	}
	if elements[1].Kind() == 'n' {
		return p, false, nil
	}
	return partition(elements[0], elements[1])
}

func partition(name, source jsontext.Value) (p Partition, ours bool, err error) {
	members, err := object(source)
	if err != nil || len(members) != 1 || members["url"].Kind() != '"' {
		return p, false, err
	}
	if p.Connector, _, err = extract.Scalar(name); err == nil {
		p.URL, _, err = extract.Scalar(members["url"])
	}
	return p, err == nil, err
}

// object reads one JSON object and nothing behind it. Names that come twice are an error.
func object(raw []byte) (map[string]jsontext.Value, error) {
	in := jsontext.NewDecoder(bytes.NewReader(raw))
	if in.PeekKind() != '{' {
		return nil, errors.New("no {")
	}
	members := make(map[string]jsontext.Value)
	for _, err := in.ReadToken(); err == nil && in.PeekKind() != '}'; {
		var name jsontext.Token
		if name, err = in.ReadToken(); err != nil {
			return nil, err
		}
		key := name.String()
		var value jsontext.Value
		if value, err = in.ReadValue(); err != nil {
			return nil, err
		}
		members[key] = value.Clone()
	}
	return members, closed(in)
}

// closed reads the closing bracket and makes sure that nothing follows.
func closed(in *jsontext.Decoder) error {
	if _, err := in.ReadToken(); err != nil {
		return err
	}
	if _, err := in.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// text is the value of one of our fields: a string, or a number as it was written. Null and absent are empty.
func text(raw jsontext.Value) (string, error) {
	switch raw.Kind() {
	case '"', '0':
		s, _, err := extract.Scalar(raw)
		return s, err
	case 'n', jsontext.KindInvalid:
		return "", nil
	}
	return "", fmt.Errorf("is %s, neither a string nor a number", raw)
}
