//go:build !next

package headwaterv1

import "google.golang.org/protobuf/proto"

// Stamped returns m as this version writes it: as it is. The build with the tag next adds a field, so that the proofs can
// run two versions side by side.
func Stamped(m proto.Message) proto.Message { return m }
