package items

import (
	"encoding/binary"
	"errors"

	"github.com/headwater/headwater/chaining"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// State says where an item stands.
type State uint8

// The states. An item that is not announced is Gone: its progress is kept, in case it is announced again.
const (
	Gone    State = iota
	Waiting       // announced, and not served since
	Active        // more pages are to come
	Idle          // everything there was has been crawled
	Failed        // set aside, tried again later
	Ended         // gone for good, until it is announced again
)

// String returns the state in lower case.
func (s State) String() string {
	return [...]string{"gone", "waiting", "active", "idle", "failed", "ended"}[s]
}

// row is what decides where an item stands. Next to the decisive fields it carries its Progress as it came.
type row struct {
	announced bool
	emission  int64
	at        int64 // queue offset of the announcement

	progressed bool
	serves     int64
	state      headwaterv1.Progress_State
	due        int64 // Unix milliseconds; 0: not by itself
	revision   int64
	progress   []byte // Progress, as in the queue
}

const (
	flagAnnounced = 1 << iota
	flagProgressed
)

// index is one of the orders in which items are done.
type index byte

const (
	none    index = 0
	waiting index = 'w'
	due     index = 'd'
)

// entry is the item's entry in an index, and which index that is.
func (r *row) entry(id chaining.ID) (index, entry) {
	_, in, rank := r.stands()
	return in, entry{rank: rank, id: id, fresh: in == waiting && !r.progressed}
}

// stands says where the item stands, in which index it is, and at which place there.
func (r *row) stands() (s State, in index, rank int64) {
	switch {
	case !r.announced:
		return Gone, none, 0
	case !r.progressed || r.serves != r.emission || r.state == headwaterv1.Progress_SET:
		return Waiting, waiting, r.at
	case r.state == headwaterv1.Progress_OPEN:
		return Active, due, r.due
	case r.state == headwaterv1.Progress_SET_ASIDE:
		return Failed, due, r.due
	case r.state == headwaterv1.Progress_ENDED:
		return Ended, none, 0
	case r.state == headwaterv1.Progress_DONE && r.due != 0:
		return Idle, due, r.due
	}
	return Idle, none, 0 // also a state that a newer worker wrote: it is not for us to crawl
}

// StateOf says where an item stands.
func StateOf(it Item) State {
	r := row{announced: it.Announcement != nil, emission: it.Announcement.GetEmission()}
	if it.Progress != nil {
		r.take(it.Progress, nil)
	}
	s, _, _ := r.stands()
	return s
}

// take makes p, whose bytes are raw, the progress of the item.
func (r *row) take(p *headwaterv1.Progress, raw []byte) {
	r.progressed, r.serves, r.state, r.revision, r.progress = true, p.GetServes(), p.GetState(), p.GetRevision(), raw
	r.due = p.GetNotBeforeUnixMs()
	if r.due == 0 && r.state != headwaterv1.Progress_DONE {
		r.due = p.GetUnixMs() // at once, but behind those who wait for longer
	}
}

// forget makes the item one that was never crawled.
func (r *row) forget() { *r = row{announced: r.announced, emission: r.emission, at: r.at} }

// append writes the row behind b.
func (r *row) append(b []byte) []byte {
	b = append(b, flag(r.announced, flagAnnounced)|flag(r.progressed, flagProgressed))
	if r.announced {
		b = binary.AppendVarint(b, r.emission)
		b = binary.AppendVarint(b, r.at)
	}
	if r.progressed {
		for _, v := range []int64{r.serves, int64(r.state), r.due, r.revision} {
			b = binary.AppendVarint(b, v)
		}
		b = append(b, r.progress...)
	}
	return b
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// parseRow reads what append wrote. progress of the row is a part of b.
func parseRow(b []byte) (r row, err error) {
	if len(b) == 0 {
		return r, errors.New("an item's row is empty")
	}
	flags, b := b[0], b[1:]
	r.announced, r.progressed = flags&flagAnnounced != 0, flags&flagProgressed != 0
	next := func() int64 {
		v, n := binary.Varint(b)
		if n <= 0 {
			err, n = errors.New("an item's row is cut off"), 0
		}
		b = b[n:]
		return v
	}
	if r.announced {
		r.emission, r.at = next(), next()
	}
	if r.progressed {
		r.serves, r.state, r.due, r.revision = next(), headwaterv1.Progress_State(next()), next(), next()
		r.progress = b
	}
	return r, err
}
