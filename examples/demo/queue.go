package main

import (
	"context"
	"fmt"
)

// work is how many work items of a child API stand where.
type work struct {
	API     int `json:"api"`
	Waiting int `json:"waiting"`
	Active  int `json:"active"`
	Idle    int `json:"idle"`
	Failed  int `json:"failed"`
	Ended   int `json:"ended"`
}

// String is the short form for the table.
func (w work) String() string {
	text := fmt.Sprintf("%d waiting, %d done of %d items", w.Waiting+w.Active, w.Idle+w.Ended, w.Waiting+w.Active+w.Idle+w.Failed+w.Ended)
	if w.Failed > 0 {
		text += fmt.Sprintf(", %d FAILED", w.Failed)
	}
	return text
}

// queue returns the work of each child API of a connector, by its number.
func (q *inquirer) queue(ctx context.Context, name string) (map[int]work, error) {
	var answer struct {
		APIs []work `json:"apis"`
	}
	if err := q.get(ctx, q.queueURL(name), &answer); err != nil {
		return nil, err
	}
	found := map[int]work{}
	for _, w := range answer.APIs {
		found[w.API] = w
	}
	return found, nil
}

// stands tells where each API stands, by its number: a source offset, or work items. Whoever does not answer is left out.
func (q *inquirer) stands(ctx context.Context, s source) map[int]string {
	offsets, err := q.offsets(ctx, s)
	items := map[int]work{}
	if err == nil && s.chained() {
		items, err = q.queue(ctx, s.name)
	}
	found := map[int]string{}
	for _, a := range s.apis {
		switch {
		case err != nil:
		case a.child:
			found[a.n] = items[a.n].String()
		default:
			found[a.n] = offsets[a.path]
		}
	}
	return found
}

func (q *inquirer) queueURL(name string) string {
	return "http://" + q.rest + "/headwater/v1/connectors/" + name + "/queue"
}
