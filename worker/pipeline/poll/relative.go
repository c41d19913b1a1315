package poll

import (
	"errors"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/worker/pipeline/poll/moment"
)

// relative is CHAINING with timestamps in RELATIVE order: keyset paging on a time and a key. There are no windows;
// ${start_time} is the last record's time, ${end_time} is now less the delay.
type relative struct {
	ask *ask
	bound
	key    keyParameter
	format connector.TimestampFormat
	delay  time.Duration
}

func newRelative(api connector.API, a *ask) (mode, error) {
	if api.Offset == nil {
		return nil, errNoOffset
	}
	if api.PrimaryKey == nil {
		return nil, errors.New("http.offset.json.primary.key.pointer: RELATIVE ordering needs it")
	}
	m := relative{ask: a, bound: bound{*api.Offset, api.PrimaryKey}, key: newKeyParameter(api, a)}
	if api.Window != nil {
		m.format, m.delay = api.Window.Format, api.Window.Delay
	}
	return m, nil
}

func (relative) start(s State) (State, error) { return s, nil }

func (m relative) turn(s State, now time.Time) (Turn, error) {
	v := s.values()
	v.StartTime, v.PrimaryKey = s.at.Offset, s.at.PrimaryKey
	v.EndTime = moment.Format(m.format, now.UTC().Add(-m.delay))
	r, err := m.ask.request(v, m.key.pairs(s.at.PrimaryKey)...)
	return Turn{Request: r, State: s}, err
}

// keyParameter is http.chaining.pagination.parameter.name, empty when a template places the key already.
type keyParameter string

func newKeyParameter(api connector.API, a *ask) keyParameter {
	p := api.ChainParameter
	if a.uses("primary_key") || a.template.URL.Fills(p, "offset") {
		return ""
	}
	return keyParameter(p)
}

func (p keyParameter) pairs(key string) []connector.Pair {
	if p == "" || key == "" {
		return nil
	}
	return []connector.Pair{{Name: string(p), Value: key}}
}
