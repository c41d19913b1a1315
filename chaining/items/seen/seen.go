// Package seen tells in a few bytes an item which ones are certainly new, so that nobody looks for them on disk.
package seen

import (
	"encoding/binary"

	"github.com/headwater/headwater/chaining"
)

// Set is a set of items that takes one to five bytes for each. It may say that an item is in it though it is not: of one
// in nine with a hundred thousand in it, of one in five with a million. The zero Set is empty. It is not safe for concurrent use.
type Set struct {
	levels [][]uint64 // each four times as large as the one before
	room   int        // how many more items the last one takes
}

// smallest is the length of the first level, perWord how many items there are for each word of a level.
const (
	smallest = 128
	perWord  = 8
)

// Add puts an item into the set.
func (s *Set) Add(id chaining.ID) {
	if s.room == 0 {
		level := make([]uint64, smallest<<(2*len(s.levels)))
		s.levels, s.room = append(s.levels, level), perWord*len(level)
	}
	s.room--
	last := s.levels[len(s.levels)-1]
	word, mask := mark(id)
	last[word%uint64(len(last))] |= mask
}

// Has is true of every item that was added, and of a few others.
func (s *Set) Has(id chaining.ID) bool {
	word, mask := mark(id)
	for _, level := range s.levels {
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
