package poll

import (
	"time"

	"github.com/headwater/headwater/internal/connector"
)

// cursorWindows is CURSOR_PAGINATION with timestamps: windows of time, each paged by a cursor to its end.
type cursorWindows struct {
	cursor
	windows
}

func newCursorWindows(api connector.API, a *ask) (mode, error) {
	c, err := compileCursor(api, a)
	if err != nil {
		return nil, err
	}
	w, err := newWindows(api, a)
	return cursorWindows{c, w}, err
}

func (m cursorWindows) start(s State) (State, error) {
	s, err := m.cursor.start(s)
	if err != nil {
		return s, err
	}
	return m.resume(s)
}

func (m cursorWindows) turn(s State, now time.Time) (Turn, error) {
	opened, ok, err := m.open(s, now)
	if err != nil || !ok {
		return Turn{State: s, Wait: m.wait}, err
	}
	v := opened.values()
	v.StartTime, v.EndTime = opened.at.StartTime, opened.at.EndTime
	r, err := m.request(v)
	return Turn{Request: r, State: opened}, err
}

// page follows the cursor. A window ends where the cursor does, also where it names a page of this window again: all that
// the API shows of it has come then. A page that repeats the one before it is no end; the sweep stays where it is.
func (m cursorWindows) page(p *page) error {
	token, err := m.token(p)
	if err != nil {
		return err
	}
	again, err := p.repeated()
	if err != nil {
		return err
	}
	if again && p.s.at.Offset != "" {
		p.step.Reason = RepeatedPage
		p.dropRange(0, p.r.Records.Len())
		return nil
	}
	e, err := m.edge(p)
	if err != nil {
		return err
	}
	if err := p.r.Records.Each(e.record); err != nil {
		return err
	}
	e.done()
	if p.step.Reason = m.ended(p.s, token); p.step.Reason != "" {
		return m.close(p)
	}
	p.step.Next.at.Offset = token
	p.step.Next.trail = p.s.trail.With(token)
	return nil
}
