package poll

import (
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/worker/pipeline/poll/order"
	"github.com/headwater/headwater/worker/pipeline/poll/seen"
)

// snapshot is SNAPSHOT_PAGINATION: every answer is the whole list, and what stands behind the last emitted key is new.
// Position counts before order, because lists sorted by a person's rules (R9, R10) are in no byte order.
type snapshot struct {
	ask *ask
	key extract.Pointer
}

func newSnapshot(api connector.API, a *ask) (mode, error) {
	if api.Offset == nil {
		return nil, errNoOffset
	}
	return snapshot{a, *api.Offset}, nil
}

func (snapshot) start(s State) (State, error) { return s, nil }

func (m snapshot) turn(s State, _ time.Time) (Turn, error) {
	r, err := m.ask.request(s.values())
	return Turn{Request: r, State: s}, err
}

// survey is what one walk over a list finds out.
type survey struct {
	first, last     string // keys of the first and last record that has one
	keyed           int    // how many have one
	place, lastSeen int    // where the last emitted key stands first and last; -1: nowhere
}

func (m snapshot) page(p *page) error {
	list, err := m.survey(p)
	if err != nil {
		return err
	}
	n := p.r.Records.Len()
	descending := list.keyed > 1 && order.Numeric(list.first) && order.Numeric(list.last) && order.Compare(list.first, list.last) > 0
	newest := list.last
	if descending {
		newest, p.step.Reverse = list.first, true
	}
	switch {
	case p.s.at.Offset == "":
	case list.place < 0 && list.keyed > 0:
		p.step.Reason = KeyGone
		if newest, err = m.dropUpTo(p, newest); err != nil {
			return err
		}
	case descending:
		p.dropRange(list.place, n)
	default:
		p.dropRange(0, list.lastSeen+1)
	}
	if list.keyed > 0 {
		p.step.Next.at.Offset = newest
	}
	if err := m.rejects(p); err != nil {
		return err
	}
	if p.step.Reason == "" && allDropped(p) {
		p.step.Reason = EndOfStream
	}
	return nil
}

// survey finds the last emitted key and rejects records without one.
func (m snapshot) survey(p *page) (survey, error) {
	list := survey{place: -1, lastSeen: -1}
	err := p.r.Records.Each(func(i int, raw []byte) error {
		key, found, err := scalar(raw, m.key)
		if !found {
			p.step.Rejects = append(p.step.Rejects, p.rejection(i, m.key, err))
			return nil
		}
		if list.keyed++; list.keyed == 1 {
			list.first = key
		}
		list.last = key
		if key == p.s.at.Offset {
			if list.lastSeen = i; list.place < 0 {
				list.place = i
			}
		}
		return nil
	})
	return list, err
}

// dropUpTo drops the records whose key is not above the last emitted one, and returns the last key above it in the
// order of emission; newest is that of the whole list.
func (m snapshot) dropUpTo(p *page, newest string) (string, error) {
	kept := ""
	err := p.r.Records.Each(func(i int, raw []byte) error {
		key, found, _ := scalar(raw, m.key)
		switch {
		case !found:
		case order.Compare(key, p.s.at.Offset) <= 0:
			p.drop(i)
		case kept == "" || !p.step.Reverse:
			kept = key
		}
		return nil
	})
	if kept == "" {
		return p.s.at.Offset, err
	}
	return kept, err
}

// rejects keeps those rejects that are new: neither before the last emitted key nor remembered from the last time.
func (m snapshot) rejects(p *page) error {
	all := p.step.Rejects
	p.step.Rejects, p.step.Next.seen = nil, seen.Memory{}
	if len(all) == 0 {
		return nil
	}
	var lacking seen.Recorder
	before := p.s.seen.Match()
	err := p.r.Records.Each(func(i int, raw []byte) error {
		if len(all) == 0 {
			return errEnough
		}
		if all[0].Index != i {
			return nil
		}
		h, err := p.hasher.Hash(raw)
		lacking.Add(h)
		if !before.Seen(h) && !p.step.Drop.Has(i) {
			p.step.Rejects = append(p.step.Rejects, all[0])
		}
		p.drop(i)
		all = all[1:]
		return err
	})
	p.step.Next.seen = lacking.Memory()
	if err == errEnough {
		err = nil
	}
	return err
}
