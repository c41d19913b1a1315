package poll

import (
	"errors"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record/extract"
)

// global is CHAINING with timestamps in GLOBAL order: windows of time, paged by the key of the last record until an
// empty page.
type global struct {
	ask *ask
	windows
	key       extract.Pointer
	offset    *extract.Pointer // supplies ${offset}; without it ${offset} is the key
	parameter keyParameter
}

func newGlobal(api connector.API, a *ask) (mode, error) {
	if api.PrimaryKey == nil {
		return nil, errors.New("http.offset.json.primary.key.pointer: GLOBAL ordering needs it")
	}
	if api.Window == nil {
		return nil, errors.New("initial.start.timestamp.value: GLOBAL ordering needs it")
	}
	w, err := newWindows(api, a)
	return global{a, w, *api.PrimaryKey, api.Offset, newKeyParameter(api, a)}, err
}

func (m global) start(s State) (State, error) { return m.resume(s) }

func (m global) turn(s State, now time.Time) (Turn, error) {
	opened, ok, err := m.open(s, now)
	if err != nil || !ok {
		return Turn{State: s, Wait: m.wait}, err
	}
	key := m.last(opened)
	v := opened.values()
	v.PrimaryKey, v.StartTime, v.EndTime = key, opened.at.StartTime, opened.at.EndTime
	r, err := m.ask.request(v, m.parameter.pairs(key)...)
	return Turn{Request: r, State: opened}, err
}

// last is the key of the last record; it is the stored offset itself unless an offset pointer has that place.
func (m global) last(s State) string {
	if m.offset != nil {
		return s.at.PrimaryKey
	}
	return s.at.Offset
}

func (m global) page(p *page) error {
	asked, key, offset := m.last(p.s), "", ""
	e, err := m.edge(p)
	if err != nil {
		return err
	}
	err = p.r.Records.Each(func(i int, raw []byte) error {
		k, o, at, err := m.read(raw)
		if at != nil {
			p.reject(i, *at, err)
			return nil
		}
		if key, offset = k, o; k == asked {
			p.drop(i) // the API begins with the record that it was to begin after
			return nil
		}
		return e.record(i, raw)
	})
	if err != nil {
		return err
	}
	switch {
	case p.r.Records.Len() == 0:
		return m.close(p)
	case key == asked:
		if key != "" {
			p.dropRange(0, p.r.Records.Len())
		}
		p.step.Reason = RepeatedKey
		return m.close(p)
	}
	e.done()
	m.move(&p.step.Next, key, offset)
	return nil
}

func (m global) move(s *State, key, offset string) {
	s.at.Offset = key
	if m.offset != nil {
		s.at.Offset, s.at.PrimaryKey = offset, key
	}
}

// read returns a record's key and offset, or the pointer of the one that cannot be used.
func (m global) read(raw []byte) (key, offset string, bad *extract.Pointer, err error) {
	key, found, err := scalar(raw, m.key)
	if !found || key == "" {
		return "", "", &m.key, err
	}
	if m.offset == nil {
		return key, key, nil, nil
	}
	if offset, found, err = scalar(raw, *m.offset); !found {
		return "", "", m.offset, err
	}
	return key, offset, nil, nil
}
