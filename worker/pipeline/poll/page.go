package poll

import (
	"errors"
	"fmt"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/worker/pipeline/poll/seen"
	"github.com/headwater/headwater/worker/pipeline/poll/trail"
)

// errEnough ends a walk over records early.
var errEnough = errors.New("enough")

// page is one answer on its way to a Step.
type page struct {
	s      State // as asked
	r      Response
	step   Step
	hasher seen.Hasher
	before seen.Matcher  // of dropKnown, as the next two: what was emitted
	all    seen.Recorder // the page
	brief  bool
}

// drop leaves a record out.
func (p *page) drop(i int) {
	if p.step.Drop == nil {
		p.step.Drop = make(Bits, (p.r.Records.Len()+63)/64)
	}
	p.step.Drop.set(i)
}

// dropRange leaves out the records from one index up to another.
func (p *page) dropRange(from, to int) {
	for i := from; i < to; i++ {
		p.drop(i)
	}
}

// reject sets a record aside.
func (p *page) reject(i int, at extract.Pointer, err error) {
	p.drop(i)
	p.step.Rejects = append(p.step.Rejects, p.rejection(i, at, err))
}

// rejection says what a record lacks; a nil err means that nothing is there.
func (p *page) rejection(i int, at extract.Pointer, err error) Reject {
	if err == nil {
		err = errors.New("is missing or null")
	}
	return Reject{Index: i, Err: &fault.Error{
		Kind: fault.Permanent,
		Op:   fmt.Sprintf("read the offset of record %d of the page", i),
		Err:  fmt.Errorf("the value at %q %w", at, err),
		Hint: "see http.offset.json.pointer and http.offset.json.primary.key.pointer",
	}}
}

// scalar reads a value out of a record; found is false if it is missing, null, or no scalar, which err then says.
func scalar(raw []byte, at extract.Pointer) (text string, found bool, err error) {
	value, found, err := at.Lookup(raw)
	if err != nil || !found {
		return "", false, err
	}
	return extract.Scalar(value)
}

// repeated reports whether the page is the one before it, or the sweep's first, once more, and remembers it if not.
func (p *page) repeated() (bool, error) {
	print, err := trail.Fingerprint(p.r.Records)
	if err != nil {
		return false, err
	}
	if p.s.pages.Repeats(print, p.r.Records.Len()) {
		return true, nil
	}
	p.step.Next.pages = p.s.pages.With(print)
	return false, nil
}

// remember drops what was emitted of this page before and remembers all of it for the next time.
func (p *page) remember() (err error) {
	if p.r.Records.Len() > 0 { // an answer without records says nothing about those that were there
		p.step.Next.seen, err = p.dropKnown(false)
	}
	return err
}

// forget drops what was emitted of this page before, which will not be asked for again.
func (p *page) forget() (err error) {
	if p.s.seen.Len() > 0 {
		_, err = p.dropKnown(true)
		p.step.Next.seen = seen.Memory{}
	}
	return err
}

// dropKnown drops what was emitted of this page before and remembers it. A brief walk looks at no more than it must.
func (p *page) dropKnown(brief bool) (seen.Memory, error) {
	p.before, p.all, p.brief = p.s.seen.Match(), seen.Recorder{}, brief
	err := p.r.Records.Each(p.known)
	if p.before.Lost() && p.r.Records.Len() > 0 {
		p.step.Drop, p.step.Reason = nil, PageChanged
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return p.all.Memory(), err
}

func (p *page) known(i int, raw []byte) error {
	if p.brief && !p.before.Open() {
		return errEnough
	}
	h, err := p.hasher.Hash(raw)
	p.all.Add(h)
	if p.before.Seen(h) {
		p.drop(i)
	}
	return err
}
