package items

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/headwater/headwater/chaining"
)

// defaultPage is how many entries a window reads at a time.
const defaultPage = 256

// entry is an item's place in an index.
type entry struct {
	rank  int64
	id    chaining.ID
	fresh bool // waiting, and never crawled: its announcement is all there is to know
}

func compare(a, b entry) int {
	if c := cmp.Compare(a.rank, b.rank); c != 0 {
		return c
	}
	return bytes.Compare(a.id[:], b.id[:])
}

// window is the head of an index: all its entries up to a certain one. They are in memory alone, and on disk are those
// behind it: an item that is done soon leaves no trace in the store's indexes.
type window struct {
	entries []entry
	more    bool  // the index may have entries behind end
	end     entry // when more: the last one that the window covers
}

// covers says whether e, if it is in the index, is in the window.
func (w *window) covers(e entry) bool { return !w.more || compare(e, w.end) <= 0 }

// insert is told of a new entry of the index.
func (w *window) insert(e entry) {
	if !w.covers(e) {
		return
	}
	if i, found := slices.BinarySearchFunc(w.entries, e, compare); !found {
		w.entries = slices.Insert(w.entries, i, e)
	}
}

// remove is told that e left the index. Most leave near the head, so what is before e gives way.
func (w *window) remove(e entry) {
	if i, found := slices.BinarySearchFunc(w.entries, e, compare); found {
		copy(w.entries[1:], w.entries[:i])
		w.entries = w.entries[1:]
	}
}

// cut leaves a page in the window. What was behind it must be on disk.
func (w *window) cut(page int) {
	w.entries = slices.Clone(w.entries[:page])
	w.more, w.end = true, w.entries[page-1]
}

// extend takes the page that the index has behind end; a shorter one is all.
func (w *window) extend(next []entry, page int) {
	w.entries = append(w.entries, next...)
	if len(next) < page {
		w.more = false
	} else {
		w.end = next[page-1]
	}
}
