// Package plan decides who is to run which task. It is pure: what it decides follows from its input alone, whatever the
// order that is given in.
//
// # Without weights
//
// A plan is even when a worker that has a task which nothing forces there has at most one task more than any other
// worker. Pins and wishes force a task to a worker, and the tasks they force count like any other: three tasks pinned to
// one worker leave it so much less of the rest, and only workers that have nothing but forced tasks may stand out above.
// Among the even plans one with the fewest moves is taken, and among those one that spreads each connector's tasks over
// the workers as far as exchanging two moved tasks, or which task of a worker moves, can do it.
//
// # With weights
//
// What is evened out is the sum of the tasks' weights on each worker, forced ones included. Tasks move until no worker
// has more than another by over a quarter of the average worker's load, or until no task fits into the gap. Counts may
// then differ, but no worker is given more than twice the average count, rounded up.
package plan

import (
	"slices"

	"github.com/headwater/headwater/coordinator/rows"
)

// Input is all that a plan follows from. Names that are listed twice count once; a worker in Workers and Leaving leaves.
type Input struct {
	// Previous says who has a task now; "" or absent: nobody. Tasks that are not in Tasks are passed over.
	Previous map[rows.Task]string
	// Workers are living and willing.
	Workers []string
	// Leaving workers live, are given nothing and are relieved of all they have. They keep it while Workers is empty.
	Leaving []string
	// Tasks are all tasks that should run.
	Tasks []rows.Task
	// Pins hold whenever their worker is in Workers; else the task is placed as any other.
	Pins map[rows.Task]string
	// Wishes are moves that a person asked for now; one to somebody who is not in Workers, or against a pin that holds, is
	// passed over. The worker gives another task back where that is needed to stay even, so that the next plan, without
	// the wish, finds nothing to undo, unless more was wished than evenness allows.
	Wishes map[rows.Task]string
	// Weights are the measured loads of tasks, in any unit; empty: all alike. A task without a usable one (below 0, above
	// 1e100, no number) has the average. Who starts to give them should go on until the loads would be even without them:
	// else the next plan evens the counts and undoes the moves.
	Weights map[rows.Task]float64
}

// Move gives a task to another worker.
type Move struct {
	Task   rows.Task
	From   string // who had it, living or not; "": nobody
	To     string // who gets it; "": nobody is left
	Reason string // for people: "new task", "worker w1 lost", "drain of w1", "pinned", "moved by hand", "balance"
}

// Assign returns what has to change, in the order of tasks. Every task is somebody's afterwards, unless Workers is empty:
// then those of lost workers are nobody's. Once the moves are made, the same input calls for none.
func Assign(in Input) []Move {
	t := newTable(in)
	if len(t.workers) > 0 && !t.weigh(in.Weights) {
		t.level()
	}
	return t.moves()
}

// moves lists the differences between the table and what was before.
func (t *table) moves() []Move {
	var moves []Move
	for i, task := range t.tasks {
		from := t.previous[i]
		if to := t.holder(i); to != from {
			moves = append(moves, Move{Task: task, From: from, To: to, Reason: t.reason(i)})
		}
	}
	return moves
}

// holder names who has task i in the end.
func (t *table) holder(i int) string {
	switch {
	case t.at[i] != nowhere:
		return t.workers[t.at[i]]
	case slices.Contains(t.leaving, t.previous[i]):
		return t.previous[i] // there is nobody to relieve it
	}
	return ""
}

func (t *table) reason(i int) string {
	from := t.previous[i]
	switch {
	case t.forced[i] != "":
		return t.forced[i]
	case from == "":
		return "new task"
	case t.home[i] != nowhere:
		return "balance"
	case slices.Contains(t.leaving, from):
		return "drain of " + from
	}
	return "worker " + from + " lost"
}
