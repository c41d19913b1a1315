// Package bloom tells in a few bytes an item which ones are certainly new, so that nobody looks for them on disk.
package bloom

import (
	"encoding/binary"

	"github.com/headwater/headwater/chaining"
)

// Filter is a set of items that takes one to five bytes for each. It may say that an item is in it though it is not: of one
// in nine with a hundred thousand in it, of one in five with a million. The zero Filter is empty. It is not safe for concurrent use.
type Filter struct {
	levels [][]uint64 // each four times as large as the one before
	room   int        // how many more items the last one takes
}

// smallest is the length of the first level, perWord how many items there are for each word of a level.
const (
	smallest = 128
	perWord  = 8
)

// Add puts an item into the filter.
func (f *Filter) Add(id chaining.ID) {
	if f.room == 0 {
		level := make([]uint64, smallest<<(2*len(f.levels)))
		f.levels, f.room = append(f.levels, level), perWord*len(level)
	}
	f.room--
	last := f.levels[len(f.levels)-1]
	word, mask := mark(id)
	last[word%uint64(len(last))] |= mask
}

// Has is true of every item that was added, and of a few others.
func (f *Filter) Has(id chaining.ID) bool {
	word, mask := mark(id)
	for _, level := range f.levels {
		if level[word%uint64(len(level))]&mask == mask {
			return true
		}
	}
	return false
}

// mark is up to three bits in one word: of an item's digits, which are as good as random, not those that say its lane.
func mark(id chaining.ID) (word, mask uint64) {
	n := binary.BigEndian.Uint64(id[8:])
	return n >> 18, 1<<(n&63) | 1<<(n>>6&63) | 1<<(n>>12&63)
}
