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

// window is the head of an index in memory: all its entries up to a certain one.
type window struct {
	entries []entry
	more    bool  // the index may have entries behind end
	end     entry // when more: the last one that the window covers
}

// covers says whether e, if it is in the index, is in the window.
func (w *window) covers(e entry) bool { return !w.more || compare(e, w.end) <= 0 }

// insert is told of a new entry of the index. The window is cut to page when it gets long.
func (w *window) insert(e entry, page int) {
	if !w.covers(e) {
		return
	}
	if i, found := slices.BinarySearchFunc(w.entries, e, compare); !found {
		w.entries = slices.Insert(w.entries, i, e)
	}
	if len(w.entries) >= 4*page {
		w.entries = w.entries[:page]
		w.more, w.end = true, w.entries[page-1]
	}
}

// remove is told that e left the index.
func (w *window) remove(e entry) {
	if i, found := slices.BinarySearchFunc(w.entries, e, compare); found {
		w.entries = slices.Delete(w.entries, i, i+1)
	}
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
