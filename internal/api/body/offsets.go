package body

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/api/shape"
)

// change is an element of a list of offsets as it comes.
type change struct {
	Partition map[string]jsontext.Value `json:"partition"`
	Offset    map[string]jsontext.Value `json:"offset"`
}

// Offsets reads the body of PATCH /connectors/{name}/offsets. The answer of GET is such a body too.
func Offsets(sent []byte) ([]shape.OffsetChange, error) {
	var v struct {
		Offsets []change `json:"offsets"`
	}
	if err := Decode(sent, &v); err != nil {
		return nil, err
	}
	return changes(v.Offsets)
}

// OffsetRequest reads the body of the managed service's offsets/request. kind is PATCH or DELETE; with DELETE the list is
// empty, whatever was sent.
func OffsetRequest(sent []byte) (kind string, list []shape.OffsetChange, err error) {
	var v struct {
		Type    string         `json:"type"`
		Offsets jsontext.Value `json:"offsets"`
	}
	if err := Decode(sent, &v); err != nil {
		return "", nil, err
	}
	switch v.Type {
	case "PATCH":
		if v.Offsets == nil {
			v.Offsets = jsontext.Value("null")
		}
		list, err = Offsets(fmt.Appendf(nil, `{"offsets":%s}`, v.Offsets))
	case "DELETE":
		list = []shape.OffsetChange{}
	default:
		err = errors.New("type must be PATCH or DELETE")
	}
	return v.Type, list, err
}

func changes(list []change) ([]shape.OffsetChange, error) {
	if len(list) == 0 {
		return nil, refusal("Partitions / offsets need to be provided for an alter offsets request")
	}
	out := make([]shape.OffsetChange, len(list))
	for i, c := range list {
		if c.Partition == nil {
			return nil, fmt.Errorf("offsets[%d]: the partition of an offset cannot be null or missing", i)
		}
		var err error
		if out[i].Partition, err = texts(fmt.Sprintf("offsets[%d].partition", i), c.Partition); err != nil {
			return nil, err
		}
		if out[i].Offset, err = texts(fmt.Sprintf("offsets[%d].offset", i), c.Offset); err != nil {
			return nil, err
		}
		same := func(o shape.OffsetChange) bool { return maps.Equal(o.Partition, out[i].Partition) }
		if slices.ContainsFunc(out[:i], same) {
			return nil, fmt.Errorf("offsets[%d]: the same partition is there twice", i)
		}
	}
	return out, nil
}

// texts reads a flat object of a partition or offset; nil stays nil.
func texts(place string, object map[string]jsontext.Value) (map[string]string, error) {
	if object == nil {
		return nil, nil
	}
	out := make(map[string]string, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		text, wrong := scalar(object[name])
		if wrong != "" {
			return nil, fmt.Errorf("%s.%s: a string or number is needed, not null, an object or an array", place, name)
		}
		out[name] = text
	}
	return out, nil
}
