// Package poll is the heart of a sweep: what to ask an API next, and what its answer comes to. Each offset mode is a
// small state machine in a file of its own.
//
// The package is pure: time is an argument, a State goes in and a State comes out. A page is a transaction, so the
// offset is stored once a page and not with each record.
package poll

import (
	"errors"
	"fmt"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline/poll/seen"
	"github.com/headwater/headwater/worker/pipeline/render"
)

// mode is one offset mode.
type mode interface {
	// start checks that a stored offset fits.
	start(s State) (State, error)
	// turn says what to ask in state s, or how long to wait.
	turn(s State, now time.Time) (Turn, error)
	// page works out p.step of a page that was asked for in state p.s. p.step.Next is p.s to begin with.
	page(p *page) error
}

// Machine is the state machine of one API. It is compiled once and never changes.
type Machine struct {
	api  connector.API
	url  string
	ask  *ask
	mode mode
}

// New compiles api's templates and offset mode. An error names the property.
func New(base string, api connector.API) (*Machine, error) {
	m := &Machine{api: api, url: render.Join(base, api.Path)}
	var err error
	if m.ask, err = newAsk(base, api); err == nil {
		m.mode, err = newMode(api, m.ask)
	}
	if err != nil {
		return nil, fmt.Errorf("api%d.%w", api.N, err)
	}
	return m, nil
}

func newMode(api connector.API, a *ask) (mode, error) {
	switch {
	case api.Mode == connector.SimpleIncrementing:
		return newSimple(api, a)
	case api.Mode == connector.SnapshotPagination:
		return newSnapshot(api, a)
	case api.Mode == connector.CursorPagination && api.Window != nil:
		return newCursorWindows(api, a)
	case api.Mode == connector.CursorPagination:
		return newCursor(api, a)
	case api.Ordering == connector.OrderingGlobal:
		return newGlobal(api, a)
	case api.Ordering == connector.OrderingRelative:
		return newRelative(api, a)
	default:
		return newChaining(api, a)
	}
}

// URL is the source partition's URL: the base URL joined with the raw path.
func (m *Machine) URL() string { return m.url }

// Start is the state after a restart; stored is nil if nothing was ever stored. A stored offset wins over
// http.initial.offset. The error is a *fault.Error: an offset that does not fit the mode never means the beginning.
func (m *Machine) Start(stored *offsets.Offset) (State, error) { return m.StartItem(stored, nil) }

// StartItem is Start for one work item of a child API. fields are its values by the names of connector.API.Placeholders;
// they must not be changed afterwards. A value that is missing or cannot be put into a request, as ../ in a path, is an
// error of kind Permanent, which concerns this item alone and names the placeholder.
func (m *Machine) StartItem(stored *offsets.Offset, fields map[string]string) (State, error) {
	s, _, err := m.BeginItem(stored, fields, time.Time{})
	return s, err
}

// BeginItem is StartItem and, at the time now, Next.
func (m *Machine) BeginItem(stored *offsets.Offset, fields map[string]string, now time.Time) (State, Turn, error) {
	if err := m.Fits(fields); err != nil {
		return State{}, Turn{}, err
	}
	s := State{at: offsets.Offset{Offset: m.api.InitialOffset}, fields: fields}
	if stored != nil {
		s.at = *stored
	}
	memory, err := seen.Decode(s.at.Seen)
	if err != nil {
		return State{}, Turn{}, m.unfit(fmt.Errorf(`"seen": %w`, err))
	}
	s.at.Seen, s.seen = "", memory
	if s, err = m.mode.start(s); err != nil {
		return State{}, Turn{}, m.unfit(err)
	}
	t, err := m.mode.turn(s, now)
	if err == nil {
		return s, t, nil
	}
	if _, at := m.mode.turn(s, time.Time{}); at == nil { // it is not the offset, but what a window makes of the time
		return s, Turn{}, m.failed("build the next request of", err)
	}
	return State{}, Turn{}, m.unfit(err)
}

// Fits says at less cost whether a work item's values have a place in the requests; its error is StartItem's.
func (m *Machine) Fits(fields map[string]string) error {
	err := m.ask.template.Fits(fields)
	if err == nil {
		return nil
	}
	return &fault.Error{
		Kind: fault.Permanent, Op: fmt.Sprintf("put a parent record's values into the requests of api%d", m.api.N), Err: err,
		Hint: fmt.Sprintf("place it elsewhere in the templates of api%d, or name another field of the parent record", m.api.N),
	}
}

func (m *Machine) unfit(err error) error {
	return &fault.Error{
		Kind: fault.Fatal, Op: fmt.Sprintf("start api%d from its offset", m.api.N), Err: err,
		Hint: fmt.Sprintf("alter or reset the connector's offsets, or set api%d.http.offset.mode and http.initial.offset back", m.api.N),
	}
}

// Next says what to ask in state s at the time now, or how long to wait before asking again.
func (m *Machine) Next(s State, now time.Time) (Turn, error) {
	t, err := m.mode.turn(s, now)
	if err != nil {
		return Turn{}, m.failed("build the next request of", err)
	}
	return t, nil
}

// Advance works out what r, the answer to the request of state s, comes to. An error leaves everything as it was: the
// same is to be asked again.
func (m *Machine) Advance(s State, r Response, now time.Time) (Step, error) {
	p := &page{s: s, r: r, step: Step{Next: s}}
	if err := m.mode.page(p); err != nil {
		return Step{}, m.failed("process the answer of", err)
	}
	p.step.Moved = p.step.Next.moved(s)
	if p.step.Next.elsewhere(s) {
		// What cannot be asked for must not be stored. What was just asked for can be.
		if _, err := m.mode.turn(p.step.Next, now); err != nil {
			return Step{}, m.failed("build the next request of", err)
		}
	}
	return p.step, nil
}

// failed makes err a *fault.Error, unless it is one.
func (m *Machine) failed(what string, err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return &fault.Error{Kind: fault.Permanent, Op: fmt.Sprintf("%s api%d", what, m.api.N), Err: err}
}

// text reads a scalar that an answer has at its root; empty when it is missing or null.
func (r Response) text(p extract.Pointer) (string, error) {
	text, _, err := extract.Scalar(r.Root[p.String()])
	if err != nil {
		return "", fmt.Errorf("the value at %s %w", p, err)
	}
	return text, nil
}
