//go:build next

package headwaterv1

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// addedField is a field that the present version does not know.
const addedField = 1000

// Stamped returns m with a field added, as a later version may write it.
func Stamped(m proto.Message) proto.Message {
	m = proto.Clone(m)
	field := protowire.AppendTag(nil, addedField, protowire.BytesType)
	m.ProtoReflect().SetUnknown(protowire.AppendString(field, "of the next version"))
	return m
}
