package poll

import (
	"time"

	"github.com/headwater/headwater/internal/connector"
)

// chaining is CHAINING without timestamps: ${offset} is the value that the last record has at the offset pointer. There
// is no sorting and no greatest value; the API's order counts.
type chaining struct {
	ask *ask
	bound
}

func newChaining(api connector.API, a *ask) (mode, error) {
	if api.Offset == nil {
		return nil, errNoOffset
	}
	return chaining{a, bound{value: *api.Offset}}, nil
}

func (chaining) start(s State) (State, error) { return s, nil }

func (m chaining) turn(s State, _ time.Time) (Turn, error) {
	r, err := m.ask.request(s.values())
	return Turn{Request: r, State: s}, err
}
