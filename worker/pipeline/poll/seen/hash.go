// Package seen remembers what was emitted of a page that will be asked for again, so that it is not emitted twice, not
// after a restart either.
//
// A record is known by a 64-bit hash of its canonical form: the order of an object's members and white space do not
// matter, strings are compared decoded, numbers by their literal. Hashes are stored in the offsets topic, so neither
// the algorithm nor the encoding may change without a new version byte.
package seen

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// Hasher hashes records. The zero value is ready; its buffers are used again.
type Hasher struct {
	raw     []byte
	at      int
	depth   int
	escapes bool // raw has a backslash somewhere
	plain   []byte
}

// maxDepth is how deep a value may be nested: what a page is split with takes no more either.
const maxDepth = 10_000

var errCut = errors.New("the value is cut off")

// Hash returns the canonical hash of raw, which must be one valid JSON value: every record of every page that may come
// again is hashed, so raw is not checked any further than is needed to find its parts.
//
// A scalar's hash is the XXH64 of its literal; a string's, of a quotation mark and the text. An array folds its elements'
// hashes in order, an object adds up those of its members; both end with the finalizer of MurmurHash3.
func (h *Hasher) Hash(raw []byte) (uint64, error) {
	h.raw, h.at, h.depth, h.escapes = raw, 0, 0, bytes.IndexByte(raw, '\\') >= 0
	sum, err := h.value()
	if h.skip(); err == nil && h.at < len(raw) {
		err = errors.New("more than one value")
	}
	if err != nil {
		return 0, fmt.Errorf("hash a record: at byte %d: %w", h.at, err)
	}
	return sum, nil
}

// skip passes over white space and returns the byte behind it; 0 at the end.
func (h *Hasher) skip() byte {
	for ; h.at < len(h.raw); h.at++ {
		if c := h.raw[h.at]; c > ' ' {
			return c
		}
	}
	return 0
}

func (h *Hasher) value() (uint64, error) {
	switch h.skip() {
	case '{':
		return h.list('}', objectSeed, h.member)
	case '[':
		return h.list(']', arraySeed, h.element)
	case '"':
		return h.text()
	}
	begin := h.at
	for h.at < len(h.raw) && !ends[h.raw[h.at]] {
		h.at++
	}
	if h.at == begin {
		return 0, errCut
	}
	return xxhash.Sum64(h.raw[begin:h.at]), nil
}

// ends are the bytes that a literal ends before.
var ends = [256]bool{' ': true, '\t': true, '\r': true, '\n': true, ',': true, ':': true, '[': true, ']': true, '{': true, '}': true, '"': true}

// list hashes what stands between two brackets; add puts one part of it into the sum.
func (h *Hasher) list(end byte, sum uint64, add func(uint64) (uint64, error)) (uint64, error) {
	if h.depth++; h.depth > maxDepth {
		return 0, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	h.at++
	for first := true; h.skip() != end || !first; first = false {
		var err error
		if sum, err = add(sum); err != nil {
			return 0, err
		}
		if c := h.skip(); c == end {
			break
		} else if c != ',' {
			return 0, errCut
		}
		h.at++
	}
	h.at++
	h.depth--
	return mix(sum), nil
}

func (h *Hasher) element(sum uint64) (uint64, error) {
	element, err := h.value()
	return mix(sum ^ element), err
}

func (h *Hasher) member(sum uint64) (uint64, error) {
	if h.skip() != '"' {
		return 0, errCut
	}
	name, err := h.text()
	if err == nil && h.skip() != ':' {
		err = errCut
	}
	if err != nil {
		return 0, err
	}
	h.at++
	value, err := h.value()
	return sum + mix(name^bits.RotateLeft64(value, 23)), err
}

// text hashes a string, unquoting it only where it has escapes.
func (h *Hasher) text() (uint64, error) {
	n := bytes.IndexByte(h.raw[h.at+1:], '"')
	if n < 0 {
		return 0, errCut
	}
	quoted := h.raw[h.at : h.at+1+n]
	if !h.escapes || bytes.IndexByte(quoted, '\\') < 0 {
		h.at += n + 2
		return xxhash.Sum64(quoted), nil
	}
	return h.escaped()
}

func (h *Hasher) escaped() (uint64, error) {
	begin := h.at
	for h.at++; h.at < len(h.raw) && h.raw[h.at] != '"'; h.at++ {
		if h.raw[h.at] == '\\' {
			h.at++
		}
	}
	if h.at++; h.at > len(h.raw) {
		return 0, errCut
	}
	// What cannot be unquoted, such as half a surrogate pair, is replaced, always in the same way.
	h.plain, _ = jsontext.AppendUnquote(append(h.plain[:0], '"'), h.raw[begin:h.at])
	return xxhash.Sum64(h.plain), nil
}

// What the sums of an object and of an array begin with: any two numbers that differ.
const (
	objectSeed = 0x9e3779b97f4a7c15
	arraySeed  = 0xc2b2ae3d27d4eb4f
)

// mix spreads every bit over all others, which adding up needs. It is the finalizer of MurmurHash3.
func mix(x uint64) uint64 {
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
