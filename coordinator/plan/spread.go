package plan

// trials bounds the looking for better places, to some milliseconds. A plan without it is as even, with as few moves.
const trials = 1 << 20

// spread puts tasks that move anyway in each other's places, or in place of one that stays, while that spreads the
// connectors better. Neither the counts nor the number of moves change: a worker that gives up tasks is given none.
func (t *table) spread() {
	left := trials
	for better := true; better; {
		better = false
		for i := range t.tasks {
			if t.moved(i) && (t.shift(i) || t.exchange(i, &left)) {
				better = true
			}
		}
	}
}

// gain tells how much better task i's connector would be spread with it on worker w: half of what the sum of the squares
// of its counts would fall.
func (t *table) gain(i, w int) int {
	same := t.same[t.connector[i]]
	return same[t.at[i]] - same[w] - 1
}

// shift moves a task from a worker that has one more than the level to one that has not.
func (t *table) shift(i int) bool {
	w := t.choose(
		func(w int) bool { return t.count[w] < t.count[t.at[i]] && t.gain(i, w) > 0 },
		func(w, than int) bool { return t.gain(i, w) > t.gain(i, than) })
	if w == nowhere {
		return false
	}
	t.take(i)
	t.put(i, w)
	return true
}

// exchange finds a task to change places with: one that moves too, or one that stays where i comes from.
func (t *table) exchange(i int, left *int) bool {
	content := t.choose(func(w int) bool { return t.gain(i, w) > 0 }, func(int, int) bool { return false }) == nowhere
	if content && t.home[i] == nowhere {
		return false // if another one would gain by it, that one will find i
	}
	for j := range t.tasks {
		if *left--; *left < 0 {
			return false
		}
		open := t.at[j] == t.home[i] || !content && t.moved(j)
		if !open || !t.free(j) || t.at[i] == t.at[j] || t.connector[i] == t.connector[j] {
			continue
		}
		if t.gain(i, t.at[j])+t.gain(j, t.at[i]) > 0 {
			t.swap(i, j)
			return true
		}
	}
	return false
}

func (t *table) swap(i, j int) {
	a, b := t.at[i], t.at[j]
	t.take(i)
	t.take(j)
	t.put(i, b)
	t.put(j, a)
}
