package poll

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/headwater/headwater/internal/connector"
)

// simple is SIMPLE_INCREMENTING: ${offset} counts records. The stored offset is that of the last record, and "next"
// beside it says what to ask for; an offset that a person or Kafka Connect wrote has no "next" and is asked for itself.
type simple struct {
	ask   *ask
	steps bool // a template holds ${offset}, so that pages should differ
}

func newSimple(api connector.API, a *ask) (mode, error) {
	if _, err := integer(api.InitialOffset); err != nil {
		return nil, fmt.Errorf("http.initial.offset: %w", err)
	}
	return simple{a, a.uses("offset")}, nil
}

func (m simple) start(s State) (State, error) {
	if _, err := integer(s.at.Offset); err != nil {
		return s, err
	}
	_, err := m.current(s)
	return s, err
}

// current is the offset of the next record.
func (simple) current(s State) (int64, error) {
	if s.at.Next != "" {
		return integer(s.at.Next)
	}
	return integer(s.at.Offset)
}

func (m simple) turn(s State, _ time.Time) (Turn, error) {
	n, err := m.current(s)
	if err != nil {
		return Turn{}, err
	}
	v := s.values()
	v.Offset = strconv.FormatInt(n, 10)
	r, err := m.ask.request(v)
	return Turn{Request: r, State: s}, err
}

func (m simple) page(p *page) error {
	n := int64(p.r.Records.Len())
	if n == 0 {
		p.step.Reason = EndOfStream
		return nil
	}
	if again, err := p.repeated(); err != nil {
		return err
	} else if again && m.steps {
		p.step.Reason = RepeatedPage
		p.dropRange(0, p.r.Records.Len())
		return nil
	}
	first, err := m.current(p.s)
	if err != nil {
		return err
	}
	if first > math.MaxInt64-n {
		return fmt.Errorf("the offset %d cannot be counted on", first)
	}
	p.step.Next.at.Offset = strconv.FormatInt(first+n-1, 10)
	p.step.Next.at.Next = strconv.FormatInt(first+n, 10)
	return nil
}

func integer(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("SIMPLE_INCREMENTING needs a whole number, %q is none", text)
	}
	return n, nil
}
