package poll

import (
	"time"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline/poll/seen"
	"github.com/headwater/headwater/worker/pipeline/poll/trail"
	"github.com/headwater/headwater/worker/pipeline/render"
)

// State is where one API stands: what is, or is to be, stored, and what a sweep remembers beside it. It is a value, to be
// copied freely; nothing that it points to is ever changed.
type State struct {
	at     offsets.Offset // as stored, save Seen
	seen   seen.Memory
	fields map[string]string // a work item's values, the same in all its states

	// What follows lives in memory only. A restart forgets it, which may cost a request but no record.

	trail trail.Trail  // CURSOR_PAGINATION: the tokens of this sweep
	pages trail.Prints // the pages of this sweep
	ties  bool         // CHAINING: seen holds only records at the very bound
	mark  string       // windows: the last record's time
	old   int          // windows: seen[:old] may come again at this window's start
	carry int          // windows: seen[carry:] may come again at the next window's start
}

// Offset is what to store for this state.
func (s State) Offset() offsets.Offset {
	o := s.at
	o.Seen = s.seen.Encode()
	return o
}

// values are what stands for the placeholders: the stored offset, and what the work item has.
func (s State) values() render.Values { return render.Values{Offset: s.at.Offset, Fields: s.fields} }

// moved reports whether s and o are stored differently.
func (s State) moved(o State) bool { return s.elsewhere(o) || !s.seen.Equal(o.seen) }

// elsewhere reports whether s and o differ in anything that a request is made of.
func (s State) elsewhere(o State) bool {
	a, b := s.at, o.at
	return a.Offset != b.Offset || a.StartTime != b.StartTime || a.EndTime != b.EndTime ||
		a.PrimaryKey != b.PrimaryKey || a.Next != b.Next
}

// Turn is what to do next: wait, or ask.
type Turn struct {
	Request Request
	// State is what the answer to Request is to be given to Advance with.
	State State
	// Wait above zero means that there is nothing to ask yet.
	Wait time.Duration
}

// Step is what an answer comes to.
type Step struct {
	Next State
	// Drop marks the records that are not to be emitted: they were before, or are among Rejects. Nil: none.
	Drop Bits
	// Reverse says that the records are to be emitted last first.
	Reverse bool
	// Rejects are records that the mode cannot take. Under behavior.on.error=IGNORE they are set aside.
	Rejects []Reject
	// Reason is empty while pages follow.
	Reason Reason
	// Moved says that what is to be stored has changed, records or not.
	Moved bool
}

// Reject is a record that lacks what the offset mode needs of it.
type Reject struct {
	Index int
	Err   *fault.Error
}

// Reason names why a sweep ended or why nothing came of an answer.
type Reason string

// The reasons. Those that speak of repetition mean that the API does not page as configured; the offset stays.
const (
	EndOfStream   Reason = "end of stream"
	EndOfWindow   Reason = "end of window"
	RepeatedToken Reason = "repeated token"
	TokenCycle    Reason = "token cycle"
	RepeatedPage  Reason = "repeated page"
	RepeatedKey   Reason = "repeated key"
	KeyGone       Reason = "last key is not in the list"
	// NothingNew: an API that includes the bound has nothing beyond it. If it should have, more records share the bound's
	// value than it serves in a page, and there is no way beyond them without a tiebreaker.
	NothingNew Reason = "only known records at the bound"
	// PageChanged: of a page beyond 4,096 records only a digest was remembered, and the page does not begin so any more.
	// All of it was emitted.
	PageChanged Reason = "page does not begin as remembered"
)

// Bits is a set of record indexes. It is never changed after a Step has been handed out.
type Bits []uint64

// Has reports whether i is in the set.
func (b Bits) Has(i int) bool { return i/64 < len(b) && b[i/64]>>(i%64)&1 == 1 }

// With returns the set and i, of n records in all. b stays as it is.
func (b Bits) With(i, n int) Bits {
	c := make(Bits, (n+63)/64)
	copy(c, b)
	c.set(i)
	return c
}

func (b Bits) set(i int) { b[i/64] |= 1 << (i % 64) }
