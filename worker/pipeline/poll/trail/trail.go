// Package trail remembers the way of a sweep through its pages, so that no sweep turns in circles unnoticed. What it
// remembers lives in memory only. It is pure.
package trail

import (
	"errors"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/headwater/headwater/internal/record"
)

// Limit is how many tokens of a sweep are remembered.
const Limit = 1024

// Trail remembers the tokens of a sweep by their hashes: the last Limit of them, and for longer cycles one that is
// replaced ever more rarely (Brent's way of finding a cycle), so that none goes on for ever.
type Trail struct {
	recent []uint64
	anchor uint64
	steps  uint64 // since the sweep began
}

// Has reports whether the token was there before.
func (t Trail) Has(token string) bool {
	h := hash(token)
	return t.steps > 0 && h == t.anchor || slices.Contains(t.recent, h)
}

// With returns the trail with one more token.
func (t Trail) With(token string) Trail {
	h := hash(token)
	from := max(0, len(t.recent)-Limit+1)
	t.recent = append(slices.Clone(t.recent[from:]), h)
	if t.steps++; t.steps&(t.steps-1) == 0 {
		t.anchor = h
	}
	return t
}

// errEnough ends a walk over records early.
var errEnough = errors.New("enough")

func hash(s string) uint64 { return xxhash.Sum64String(s) }

// Prints are the fingerprints of a sweep's first and latest page; 0 is none.
type Prints struct{ first, last uint64 }

// Repeats reports whether page p is the one before it, or the sweep's first, once more. A first page of a single record
// proves nothing: it may well be like a later one.
func (b Prints) Repeats(p uint64, records int) bool {
	return p != 0 && (p == b.last || p == b.first && records > 1)
}

// With returns the prints with one more page.
func (b Prints) With(p uint64) Prints {
	if b.first == 0 {
		b.first = p
	}
	if p != 0 {
		b.last = p
	}
	return b
}

// Sampled is how many records, and sampledBytes how much of each, tell one page from another. With number and total length
// that is enough for pages that differ at all, and costs nothing beside fetching them.
const (
	Sampled      = 8
	sampledBytes = 1024
)

// Fingerprint tells pages apart; 0 for an empty one.
func Fingerprint(list record.List) (uint64, error) {
	n := list.Len()
	if n == 0 {
		return 0, nil
	}
	h := xxhash.New()
	for _, v := range []int64{int64(n), list.Bytes()} {
		_, _ = h.Write([]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24), byte(v >> 32), byte(v >> 40)})
	}
	err := list.Each(func(i int, raw []byte) error {
		_, _ = h.Write(raw[:min(len(raw), sampledBytes)])
		if i+1 == Sampled {
			return errEnough
		}
		return nil
	})
	if err == errEnough {
		err = nil
	}
	return max(1, h.Sum64()), err
}
