package pipeline

import (
	"errors"
	"fmt"
	"slices"

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
		m := chaining.AnnouncementMessage(p.Queue, a)
		if n := m.Size(); n > p.QueueLimit {
			err = errors.Join(err, fmt.Errorf("the work item of child api%d takes %d bytes and topic %s takes %d", a.GetChild(), n, p.Queue, p.QueueLimit))
			continue
		}
		v.items++
		if v.holds() {
			v.planned = append(v.planned, planned{i, a, m})
		}
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

// planned is an item that the record at a place of the page announces.
type planned struct {
	place int
	item  *headwaterv1.Announcement
	record.Message
}

// mostPlanned is how many items of a page are held at most.
const mostPlanned = 10_000

// holds reports whether the page's items are held, and not planned twice: it is in memory, and they are not many.
func (v *sieve) holds() bool {
	_, inMemory := v.response.Records.(record.Memory)
	return inMemory && len(v.planned) <= mostPlanned
}

// announce yields the work items of a record; what has no value, or is too large, was reported by plan.
func (v *sieve) announce(i int, raw []byte, yield func(record.Message, error) bool) bool {
	if v.pipeline.Plan == nil {
		return true
	}
	for _, p := range v.itemsOf(i, raw) {
		if !yield(p.Message, nil) || proof.Broken("R13") && !yield(v.afresh(p.item), nil) {
			return false
		}
	}
	return true
}

func (v *sieve) itemsOf(i int, raw []byte) (found []planned) {
	if v.holds() {
		at, _ := slices.BinarySearchFunc(v.planned, i, func(p planned, i int) int { return p.place - i })
		to := at
		for to < len(v.planned) && v.planned[to].place == i {
			to++
		}
		return v.planned[at:to]
	}
	items, _ := v.pipeline.Plan.Plan(raw, v.now)
	for _, a := range items {
		if m := chaining.AnnouncementMessage(v.pipeline.Queue, a); m.Size() <= v.pipeline.QueueLimit {
			found = append(found, planned{i, a, m})
		}
	}
	return found
}

// afresh is wrong on purpose, for the proof of R13: the progress of an item as if it had never been crawled, newer than
// whatever its lane has written.
func (v *sieve) afresh(a *headwaterv1.Announcement) record.Message {
	fresh := &headwaterv1.Progress{Revision: v.now.UnixMicro()}
	return chaining.ProgressMessage(v.pipeline.Queue, int(a.GetChild()), chaining.ItemOf(a).ID(), fresh)
}
