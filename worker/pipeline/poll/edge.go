package poll

import (
	"time"

	"github.com/headwater/headwater/worker/pipeline/poll/moment"
	"github.com/headwater/headwater/worker/pipeline/poll/seen"
)

// edge keeps records from coming twice where one window ends and the next begins: APIs that include both ends serve
// them in both. A record counts as repeated if it was emitted before and bears the time of the edge itself, so that
// equal records of other times, as hourly sums that happen to be the same, are not lost.
type edge struct {
	w          windows
	page       *page
	start, end time.Time
	before     seen.Matcher
	matched    []uint64
	fresh      []uint64
	clock      moment.Clock
}

func (w windows) edge(p *page) (*edge, error) {
	e := &edge{w: w, page: p, before: p.s.seen.Upto(p.s.old).Match(), clock: moment.Clock{Format: w.Format}}
	var err error
	if e.start, err = w.Format.Parse(p.s.at.StartTime); err != nil {
		return nil, err
	}
	e.end, err = w.Format.Parse(p.s.at.EndTime)
	return e, err
}

// record drops the page's next record if it was emitted at the end of the last window, else remembers it if it may
// come again in the next. Where an answer says how far it reached, that may be any record.
func (e *edge) record(i int, raw []byte) error {
	if e.w.timestamp != nil {
		if text, found, _ := scalar(raw, *e.w.timestamp); found {
			e.page.step.Next.mark = text
		}
	}
	old := e.before.Open() && e.clock.Bears(raw, e.start)
	next := e.w.timestamp != nil || e.clock.Bears(raw, e.end)
	if !old && !next {
		return nil
	}
	h, err := e.page.hasher.Hash(raw)
	if err != nil {
		return err
	}
	if old && e.before.Seen(h) {
		e.page.drop(i)
		e.matched = append(e.matched, h)
	} else if next {
		e.remember(h)
	}
	return nil
}

// remember keeps the latest records, at most twice as many as can be stored.
func (e *edge) remember(hash uint64) {
	if len(e.fresh) == 2*seen.Limit {
		e.fresh = append(e.fresh[:0], e.fresh[seen.Limit:]...)
	}
	e.fresh = append(e.fresh, hash)
}

// done puts what was learnt into the next state. Of too many records the latest are remembered.
func (e *edge) done() {
	s := &e.page.step.Next
	s.seen = s.seen.Without(e.matched)
	s.old -= len(e.matched)
	s.carry = max(0, s.carry-len(e.matched))
	sum, over := s.seen.Latest(e.fresh)
	s.seen, s.old, s.carry = sum, max(0, s.old-over), max(0, s.carry-over)
}
