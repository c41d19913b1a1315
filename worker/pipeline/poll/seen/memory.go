package seen

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Limit is how many records are remembered one by one; of more, only their count and running digest.
const Limit = 4096

// Memory is what was emitted before: a multiset of records, or the beginning of a page. It is never changed, so that it
// may be copied freely. The zero value remembers nothing.
type Memory struct {
	hashes []uint64 // in the order of emission
	count  uint64   // above 0: the first records of a page, known by their digest alone
	digest uint64
}

// Len is the number of records remembered.
func (m Memory) Len() int { return len(m.hashes) + int(m.count) }

// Equal reports whether m and o are stored as the same string.
func (m Memory) Equal(o Memory) bool {
	return m.count == o.count && m.digest == o.digest && slices.Equal(m.hashes, o.hashes)
}

// From returns the memory without its first n records, which makes sense for a multiset only.
func (m Memory) From(n int) Memory { return Memory{hashes: m.hashes[min(n, len(m.hashes)):]} }

// Upto returns the first n records of a multiset.
func (m Memory) Upto(n int) Memory { return Memory{hashes: m.hashes[:min(n, len(m.hashes))]} }

// Latest returns a multiset with further records, of which only the last Limit are kept; over is how many had to go.
func (m Memory) Latest(hashes []uint64) (sum Memory, over int) {
	if len(hashes) == 0 {
		return m, 0
	}
	all := slices.Concat(m.hashes, hashes)
	over = max(0, len(all)-Limit)
	return Memory{hashes: all[over:]}, over
}

// Plus returns a memory of what both multisets hold. ok is false if that is more than Limit or a digest is among them.
func (m Memory) Plus(o Memory) (sum Memory, ok bool) {
	if m.count+o.count > 0 || len(m.hashes)+len(o.hashes) > Limit {
		return Memory{}, false
	}
	return Memory{hashes: slices.Concat(m.hashes, o.hashes)}, true
}

// Without returns the memory less one of each of hashes.
func (m Memory) Without(hashes []uint64) Memory {
	if len(hashes) == 0 {
		return m
	}
	left := slices.Clone(m.hashes)
	for _, h := range hashes {
		if i := slices.Index(left, h); i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
	return Memory{hashes: left}
}

// The first byte of an encoded memory. 1 and 2 were those of hashes that nothing released has stored.
const (
	versionMultiset byte = 3
	versionDigest   byte = 4
)

// Encode writes the memory as standard base64; empty for one that remembers nothing.
func (m Memory) Encode() string {
	var b []byte
	switch {
	case m.count > 0:
		b = binary.BigEndian.AppendUint64(append(b, versionDigest), m.count)
		b = binary.BigEndian.AppendUint64(b, m.digest)
	case len(m.hashes) > 0:
		b = append(make([]byte, 0, 1+8*len(m.hashes)), versionMultiset)
		for _, h := range m.hashes {
			b = binary.BigEndian.AppendUint64(b, h)
		}
	}
	return base64.StdEncoding.EncodeToString(b)
}

// Decode reads what Encode wrote. An error means that another release or a person wrote it.
func Decode(s string) (Memory, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) == 0 {
		return Memory{}, err
	}
	switch version, b := b[0], b[1:]; {
	case version == versionDigest && len(b) == 16:
		m := Memory{count: binary.BigEndian.Uint64(b), digest: binary.BigEndian.Uint64(b[8:])}
		if m.count == 0 || m.count > 1<<48 {
			return Memory{}, errors.New("count out of range")
		}
		return m, nil
	case version == versionMultiset && len(b)%8 == 0 && len(b) > 0 && len(b) <= 8*Limit:
		var m Memory
		for ; len(b) > 0; b = b[8:] {
			m.hashes = append(m.hashes, binary.BigEndian.Uint64(b))
		}
		return m, nil
	case version == versionDigest, version == versionMultiset:
		return Memory{}, errors.New("wrong length")
	default:
		return Memory{}, fmt.Errorf("unknown version %d", version)
	}
}
