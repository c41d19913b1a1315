package lane

import (
	"container/list"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// mostStates is how many items in the middle of their pages a lane remembers beside their offsets.
const mostStates = 1024

// states remember, of the items that were crawled last, what is not stored: the tokens and pages of their sweeps, by which
// a circle is noticed. An item that was forgotten goes on from its stored offset.
type states struct {
	byID  map[chaining.ID]*list.Element
	order *list.List // the one used last in front
}

type remembered struct {
	id chaining.ID
	s  poll.State
}

func newStates() *states { return &states{byID: map[chaining.ID]*list.Element{}, order: list.New()} }

func (m *states) get(id chaining.ID) (poll.State, bool) {
	e, ok := m.byID[id]
	if !ok {
		return poll.State{}, false
	}
	return e.Value.(remembered).s, true
}

func (m *states) put(id chaining.ID, s poll.State) {
	m.forget(id)
	m.byID[id] = m.order.PushFront(remembered{id, s})
	if m.order.Len() > mostStates {
		m.forget(m.order.Back().Value.(remembered).id)
	}
}

func (m *states) forget(id chaining.ID) {
	if e, ok := m.byID[id]; ok {
		m.order.Remove(e)
		delete(m.byID, id)
	}
}
