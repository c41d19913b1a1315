package items

import (
	"encoding/binary"

	"github.com/headwater/headwater/chaining"
)

// prefix is the number of a lane: all of the lane's keys begin with it, in four bytes. Behind it stand
//
//	a <at>                 an announcement
//	r <child> <item>       a row
//	w <child> <at>         an entry of the index waiting: the item, and behind it a byte if it was never crawled
//	d <child> <due> <item> an entry of the index due
//
// with numbers so that the order of the bytes is theirs.
type prefix uint32

func (p prefix) key(kind byte) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 40), uint32(p)), kind)
}

// span is where the lane's keys are: from the first, up to the second.
func (p prefix) span() (from, to []byte) {
	return binary.BigEndian.AppendUint32(nil, uint32(p)), binary.BigEndian.AppendUint32(nil, uint32(p)+1)
}

func (p prefix) announcement(at int64) []byte { return appendOrdered(p.key('a'), at) }

func (p prefix) row(child int, id chaining.ID) []byte { return append(p.child('r', child), id[:]...) }

// child is what the keys of one child and kind begin with.
func (p prefix) child(kind byte, child int) []byte {
	return binary.BigEndian.AppendUint32(p.key(kind), uint32(child))
}

// entry is the key and the value of an index's entry.
func (p prefix) entry(in index, child int, e entry) (key, value []byte) {
	key = appendOrdered(p.child(byte(in), child), e.rank)
	if in == due {
		return append(key, e.id[:]...), nil
	}
	if e.fresh {
		return key, append(e.id[:], 1)
	}
	return key, e.id[:]
}

// header is the length of what stands before an entry's rank, or a row's item.
const header = 4 + 1 + 4

// parseEntry reads what entry wrote.
func parseEntry(in index, key, value []byte) entry {
	e := entry{rank: ordered(key[header:])}
	if in == due {
		value = key[header+8:]
	}
	e.fresh = copy(e.id[:], value) < len(value)
	return e
}

// appendOrdered writes n so that negative numbers come first.
func appendOrdered(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n)^1<<63)
}

func ordered(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }
