package pipeline

import (
	"errors"
	"fmt"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// plan looks whether a record's work items can be announced. A placeholder that has no value is reported: the parent
// record is emitted all the same, its item is not, unless behavior.on.error=FAIL, under which the page comes again.
func (v *sieve) plan(i int, raw []byte) error {
	p := v.pipeline
	if p.Plan == nil {
		return nil
	}
	items, err := p.Plan.Plan(raw, v.now)
	for _, a := range items {
		if n := chaining.AnnouncementMessage(p.Queue, a).Size(); n > p.QueueLimit {
			err = errors.Join(err, fmt.Errorf("the work item of child api%d takes %d bytes and topic %s takes %d", a.GetChild(), n, p.Queue, p.QueueLimit))
			continue
		}
		v.items++
	}
	if err == nil {
		return nil
	}
	e := v.about(i, raw, err, "")
	e.Kind = fault.Permanent
	if p.Config.OnError == connector.Fail {
		return e
	}
	v.report(e)
	return nil
}

// announce yields the work items of a record; what has no value, or is too large, was reported by plan.
func (v *sieve) announce(raw []byte, yield func(record.Message, error) bool) bool {
	p := v.pipeline
	if p.Plan == nil {
		return true
	}
	items, _ := p.Plan.Plan(raw, v.now)
	for _, a := range items {
		m := chaining.AnnouncementMessage(p.Queue, a)
		if m.Size() <= p.QueueLimit && !yield(m, nil) {
			return false
		}
		if proof.Broken("R13") && !yield(v.afresh(a), nil) {
			return false
		}
	}
	return true
}

// afresh is wrong on purpose, for the proof of R13: the progress of an item as if it had never been crawled, newer than
// whatever its lane has written.
func (v *sieve) afresh(a *headwaterv1.Announcement) record.Message {
	fresh := &headwaterv1.Progress{Revision: v.now.UnixMicro()}
	return chaining.ProgressMessage(v.pipeline.Queue, int(a.GetChild()), chaining.ItemOf(a).ID(), fresh)
}
