package poll

import (
	"errors"

	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/worker/pipeline/poll/order"
	"github.com/headwater/headwater/worker/pipeline/poll/seen"
)

// bound is what CHAINING and RELATIVE have in common: the next request asks for what lies beyond the last record's
// value. An API that takes the bound itself for beyond, or lists records newest first, serves some of them again. So
// the records that are not before the bound are remembered, and dropped when they come again.
type bound struct {
	value extract.Pointer
	key   *extract.Pointer // RELATIVE: the tiebreaker
}

// page moves the bound to the last record that has a value. Records that lack one are rejected.
func (b bound) page(p *page) error {
	if p.r.Records.Len() == 0 {
		p.step.Reason = EndOfStream
		return nil
	}
	next := &p.step.Next
	err := p.r.Records.Each(func(i int, raw []byte) error {
		value, key, at, err := b.read(raw)
		if at != nil {
			p.reject(i, *at, err)
			return nil
		}
		next.at.Offset, next.at.PrimaryKey = value, key
		return nil
	})
	if err == nil {
		err = b.remember(p)
	}
	if err == nil && p.step.Reason == "" && next.at.Offset == p.s.at.Offset && allDropped(p) {
		p.step.Reason = NothingNew
	}
	return err
}

// read returns a record's offset values, or the pointer of the one that cannot be used.
func (b bound) read(raw []byte) (value, key string, bad *extract.Pointer, err error) {
	value, found, err := scalar(raw, b.value)
	if !found {
		return "", "", &b.value, err
	}
	if b.key == nil {
		return value, "", nil, nil
	}
	if key, found, err = scalar(raw, *b.key); !found {
		return "", "", b.key, err
	}
	return value, key, nil, nil
}

// remember drops what was emitted before and remembers what may come again.
func (b bound) remember(p *page) error {
	w := &boundWalk{bound: b, page: p, before: p.s.seen.Match(), rejected: p.step.Rejects, ties: true}
	if err := p.r.Records.Each(w.record); err != nil {
		return err
	}
	if w.before.Lost() {
		p.s.seen, p.s.ties = seen.Memory{}, false
		p.step = Step{Next: p.s, Reason: PageChanged}
		return b.page(p)
	}
	p.step.Rejects = w.open
	next := &p.step.Next
	next.seen, next.ties = w.all.Memory(), w.ties
	if next.at.Offset == p.s.at.Offset {
		if sum, ok := p.s.seen.Plus(w.fresh.Memory()); ok {
			next.seen, next.ties = sum, w.ties && p.s.ties
		}
	}
	return nil
}

// boundWalk is the second walk over a page, when the new bound is known.
type boundWalk struct {
	bound
	page     *page
	before   seen.Matcher
	all      seen.Recorder // what is not before the new bound
	fresh    seen.Recorder // what of it is emitted only now
	ties     bool
	rejected []Reject
	open     []Reject // rejects that were not rejected before
}

func (w *boundWalk) record(i int, raw []byte) error {
	p := w.page
	rejected := len(w.rejected) > 0 && w.rejected[0].Index == i
	value, _, _, _ := w.read(raw)
	remember := rejected || order.Compare(value, p.step.Next.at.Offset) >= 0
	look := w.before.Open() && (rejected || !p.s.ties || value == p.s.at.Offset)
	if !remember && !look {
		return nil
	}
	h, err := p.hasher.Hash(raw)
	if err != nil {
		return err
	}
	known := look && w.before.Seen(h)
	if known {
		p.drop(i)
	}
	if rejected {
		if !known {
			w.open = append(w.open, w.rejected[0])
		}
		w.rejected = w.rejected[1:]
	}
	if remember {
		w.all.Add(h)
		w.ties = w.ties && !rejected && value == p.step.Next.at.Offset
		if !known {
			w.fresh.Add(h)
		}
	}
	return nil
}

// allDropped reports whether nothing of the page is emitted.
func allDropped(p *page) bool {
	for i := range p.r.Records.Len() {
		if !p.step.Drop.Has(i) {
			return false
		}
	}
	return len(p.step.Rejects) == 0
}

var errNoOffset = errors.New("http.offset.json.pointer: this offset mode needs it")
