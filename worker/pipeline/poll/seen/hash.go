// Package seen remembers what was emitted of a page that will be asked for again, so that it is not emitted twice, not
// after a restart either.
//
// A record is known by a 64-bit hash of its canonical form: the order of an object's members and white space do not
// matter, strings are compared decoded, numbers by their literal. Hashes are stored in the offsets topic, so neither
// the algorithm nor the encoding may change without a new version byte.
package seen

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"

	"github.com/go-json-experiment/json/jsontext"
)

// Hasher hashes records. The zero value is ready; its buffers are used again.
type Hasher struct {
	in    bytes.Buffer
	dec   *jsontext.Decoder
	plain []byte
}

// Hash returns the canonical hash of raw, which must be one JSON value.
//
// Scalars are hashed with FNV-1a (64 bits) over a letter for their kind and their bytes. An array folds its elements'
// hashes in order, an object adds up those of its members; both end with the finalizer of MurmurHash3.
func (h *Hasher) Hash(raw []byte) (uint64, error) {
	h.in = *bytes.NewBuffer(raw)
	if h.dec == nil {
		h.dec = jsontext.NewDecoder(&h.in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	} else {
		h.dec.Reset(&h.in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	}
	sum, err := h.value()
	if err != nil {
		return 0, fmt.Errorf("hash a record: %w", err)
	}
	if _, err := h.dec.ReadToken(); err != io.EOF {
		return 0, fmt.Errorf("hash a record: more than one value")
	}
	return sum, nil
}

// value descends; the decoder ends documents that are nested more than 10,000 deep.
func (h *Hasher) value() (uint64, error) {
	switch h.dec.PeekKind() {
	case '{':
		return h.object()
	case '[':
		return h.array()
	}
	raw, err := h.dec.ReadValue()
	if err != nil {
		return 0, err
	}
	if raw.Kind() == '"' {
		return h.text(raw), nil
	}
	return fnv(fnvBasis, raw), nil
}

func (h *Hasher) array() (uint64, error) {
	_, err := h.dec.ReadToken()
	sum := fnv(fnvBasis, []byte("["))
	for err == nil && h.dec.PeekKind() != ']' {
		var element uint64
		element, err = h.value()
		sum = mix(sum ^ element)
	}
	if err == nil {
		_, err = h.dec.ReadToken()
	}
	return mix(sum + 1), err
}

func (h *Hasher) object() (uint64, error) {
	_, err := h.dec.ReadToken()
	sum := fnv(fnvBasis, []byte("{"))
	for err == nil && h.dec.PeekKind() != '}' {
		var name jsontext.Value
		if name, err = h.dec.ReadValue(); err != nil {
			break
		}
		key := h.text(name)
		var value uint64
		value, err = h.value()
		sum += mix(key ^ bits.RotateLeft64(value, 32))
	}
	if err == nil {
		_, err = h.dec.ReadToken()
	}
	return mix(sum + 2), err
}

// text hashes a string, unquoting it only where it has escapes.
func (h *Hasher) text(quoted []byte) uint64 {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return fnv(fnvBasis, quoted[:len(quoted)-1])
	}
	// What cannot be unquoted, such as half a surrogate pair, is replaced, always in the same way.
	h.plain, _ = jsontext.AppendUnquote(append(h.plain[:0], '"'), quoted)
	return fnv(fnvBasis, h.plain)
}

const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

func fnv(sum uint64, b []byte) uint64 {
	for _, c := range b {
		sum = (sum ^ uint64(c)) * fnvPrime
	}
	return sum
}

// mix spreads every bit over all others, which FNV alone does not, and adding up needs.
func mix(x uint64) uint64 {
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
