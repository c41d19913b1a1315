package coordinator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/headwater/headwater/coordinator/plan"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Change is what a person asks of the assignment. Pins and drains stay until taken back; a move holds once.
type Change struct {
	Pin, Move map[rows.Task]string // to a worker
	Unpin     []rows.Task
	Drain     []string // workers
	Undrain   []string
}

// Change works out what a change comes to and, unless dry, makes it. Only the leader can.
func (m *Member) Change(ctx context.Context, c Change, dry bool) (moves []plan.Move, err error) {
	err = m.Leader.Do(ctx, func(ctx context.Context) error {
		living, err := m.alive(ctx)
		if err != nil {
			return err
		}
		if !dry {
			if err := m.pass(ctx); err != nil {
				return err
			}
		}
		duties, view := m.Herder.duties(), m.Board.View()
		if err := c.check(duties, living, view); err != nil {
			return err
		}
		messages := c.apply(view, m.Leader.Topic)
		moves = plan.Assign(m.input(view, living, duties, &c, m.loads.Weights()))
		if dry {
			return nil
		}
		if len(messages) > 0 {
			if err := m.Leader.Write(ctx, messages); err != nil {
				return err
			}
		}
		return m.assign(ctx, view, living, duties, moves)
	})
	return moves, err
}

// check refuses names that nobody has.
func (c Change) check(duties map[rows.Task]duty, living map[string]Living, view *rows.View) error {
	for _, t := range slices.Concat(slices.Collect(maps.Keys(c.Pin)), slices.Collect(maps.Keys(c.Move))) {
		if _, ok := duties[t]; !ok {
			return unknown("task", t.String(), "GET /headwater/v1/assignments lists the tasks")
		}
	}
	for _, t := range c.Unpin {
		if _, ok := view.Pins[t]; !ok {
			return unknown("pin of task", t.String(), "GET /headwater/v1/assignments shows what is pinned")
		}
	}
	for _, w := range slices.Concat(slices.Collect(maps.Values(c.Pin)), slices.Collect(maps.Values(c.Move)), c.Drain) {
		if _, ok := living[w]; !ok {
			return unknown("worker", w, "GET /headwater/v1/cluster lists the workers")
		}
	}
	for _, w := range c.Undrain {
		if _, ok := view.Drains[w]; !ok {
			return unknown("drained worker", w, "GET /headwater/v1/cluster shows who is drained")
		}
	}
	return nil
}

func unknown(kind, name, hint string) error {
	return &fault.Error{
		Kind: fault.Permanent, Op: "change the assignment", Err: fmt.Errorf("there is no %s %q", kind, name), Hint: hint,
	}
}

// apply changes the view as the messages that it returns will.
func (c Change) apply(view *rows.View, topic rows.Topic) []record.Message {
	var out []record.Message
	for _, t := range slices.SortedFunc(maps.Keys(c.Pin), rows.Task.Compare) {
		view.Pins[t] = c.Pin[t]
		out = append(out, topic.Pin(t, c.Pin[t]))
	}
	for _, t := range c.Unpin {
		delete(view.Pins, t)
		out = append(out, topic.Pin(t, ""))
	}
	for _, w := range c.Drain {
		view.Drains[w] = &headwaterv1.Drain{SinceUnixMs: time.Now().UnixMilli(), Reason: "by hand"}
		out = append(out, topic.Drain(w, view.Drains[w]))
	}
	for _, w := range c.Undrain {
		delete(view.Drains, w)
		out = append(out, topic.Drain(w, nil))
	}
	return out
}
