package plan

import (
	"cmp"
	"slices"
)

// level makes the counts even: every worker gets its share, those that have more give up as many tasks as that is, and
// those go, with the ones that nobody has, to where there is room.
func (t *table) level() {
	s := t.shares()
	for w := range t.workers {
		for _, i := range t.crowded(w)[:max(0, t.spare(w)-s.free[w])] {
			t.take(i)
		}
	}
	for i := range t.tasks {
		if t.at[i] == nowhere {
			t.put(i, s.place(t, i))
		}
	}
	t.spread()
}

// crowded lists the free tasks of worker w in the order in which it gives them up: always the last one of the connector
// that it then has the most tasks of.
func (t *table) crowded(w int) []int {
	free := t.freeOf(w)
	left := make([]int, len(t.same)) // by connector: tasks that are there while this one is
	rank := map[int]int{}
	for c := range left {
		left[c] = t.same[c][w]
	}
	for _, i := range slices.Backward(free) {
		rank[i] = left[t.connector[i]]
		left[t.connector[i]]--
	}
	slices.SortFunc(free, func(i, j int) int { return cmp.Or(cmp.Compare(rank[j], rank[i]), cmp.Compare(j, i)) })
	return free
}

// shares say how many free tasks each worker is to have.
type shares struct {
	free  []int
	level int // what every worker has, forced tasks included
	over  int // how many workers get one task above the level; which of them is open
}

// shares raises the level until the free tasks are used up, like water over the ground that the forced tasks make. What
// is over goes to workers that have it already, which saves a move each.
func (t *table) shares() shares {
	s := shares{free: make([]int, len(t.workers)), over: len(t.tasks)}
	for _, fixed := range t.fixed {
		s.over -= fixed
	}
	for {
		low := t.below(s.level)
		if len(low) > s.over {
			break
		}
		for _, w := range low {
			s.free[w]++
		}
		s.over -= len(low)
		s.level++
	}
	for _, w := range t.below(s.level) {
		if s.over > 0 && t.spare(w) > s.free[w] {
			s.free[w]++
			s.over--
		}
	}
	return s
}

// below lists the workers whose forced tasks do not reach above the level.
func (t *table) below(level int) []int {
	var low []int
	for w, fixed := range t.fixed {
		if fixed <= level {
			low = append(low, w)
		}
	}
	return low
}

// place returns where task i goes: to the worker with the fewest tasks of its connector, then with the fewest tasks.
func (s *shares) place(t *table, i int) int {
	same := t.same[t.connector[i]]
	w := t.choose(
		func(w int) bool { return t.count[w] < s.level || t.count[w] == s.level && s.over > 0 },
		func(w, than int) bool {
			return same[w] < same[than] || same[w] == same[than] && t.count[w] < t.count[than]
		})
	if t.count[w] == s.level {
		s.over--
	}
	return w
}
