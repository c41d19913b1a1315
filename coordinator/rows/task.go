// Package rows is the codec of the assignments topic, <group.id>-assignments, and the reader's view of it: who leads, who
// is to run which task, which tasks are pinned to a worker and which workers are drained. It is pure: it does no I/O,
// keeps no clock, and a View is not safe for concurrent use.
package rows

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Task names the Nth task of a connector, from 0: the unit that is given to a worker.
type Task struct {
	Connector string
	N         int
}

// String returns the task as people and keys write it: orders/0.
func (t Task) String() string { return t.Connector + "/" + strconv.Itoa(t.N) }

// Compare orders tasks by connector, then by number.
func (t Task) Compare(u Task) int {
	return cmp.Or(cmp.Compare(t.Connector, u.Connector), cmp.Compare(t.N, u.N))
}

// ParseTask reads what String writes. A connector's name may hold anything, slashes too: the last one counts. The number
// must be written as String does, without sign and leading zeros, so that a task has one key and no second.
func ParseTask(s string) (Task, error) {
	cut := strings.LastIndexByte(s, '/')
	if cut < 0 {
		return Task{}, fmt.Errorf("task %q has no number: write <connector>/<number>, as in orders/0", s)
	}
	n, err := taskNumber(s[cut+1:])
	if err != nil {
		return Task{}, fmt.Errorf("task %q: %w: write <connector>/<number>, as in orders/0", s, err)
	}
	if cut == 0 {
		return Task{}, fmt.Errorf("task %q names no connector: write <connector>/<number>, as in orders/0", s)
	}
	return Task{Connector: s[:cut], N: n}, nil
}

// taskNumber takes what fits an int32: so wide is a task's number in what workers tell each other.
func taskNumber(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("the number %s is out of range", s)
	case err != nil || n < 0 || strconv.FormatInt(n, 10) != s:
		return 0, fmt.Errorf("%q is not the number of a task", s)
	}
	return int(n), nil
}
