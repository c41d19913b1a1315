package wire

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxChange bounds a Change: more than a cluster of this kind has tasks.
const maxChange = 10_000

// Change is what somebody asks of the leader. All its parts may be empty, not all at once. A pin lasts until it is taken
// back, a move only says where the task is to be now.
type Change struct {
	Pin     map[string]string `json:"pin,omitempty"`     // task to worker
	Unpin   []string          `json:"unpin,omitempty"`   // tasks
	Move    map[string]string `json:"move,omitempty"`    // task to worker
	Drain   []string          `json:"drain,omitempty"`   // workers
	Undrain []string          `json:"undrain,omitempty"` // workers
}

// Validate says what no cluster could make sense of: all faults at once, joined, each naming its place.
func (c Change) Validate() error {
	n := len(c.Pin) + len(c.Unpin) + len(c.Move) + len(c.Drain) + len(c.Undrain)
	switch {
	case n == 0:
		return errors.New("nothing to change: give one of pin, unpin, move, drain, undrain")
	case n > maxChange:
		return fmt.Errorf("%d changes at once, at most %d", n, maxChange)
	}
	return errors.Join(
		targets("pin", c.Pin), targets("move", c.Move), tasks("unpin", c.Unpin),
		workers("drain", c.Drain), workers("undrain", c.Undrain), c.contradictions(),
	)
}

// contradictions finds what is asked for together with its opposite.
func (c Change) contradictions() error {
	var faults []error
	for _, task := range slices.Sorted(maps.Keys(c.Pin)) {
		if slices.Contains(c.Unpin, task) {
			faults = append(faults, fmt.Errorf("task %s is in both pin and unpin", task))
		}
		if to, moved := c.Move[task]; moved && to != c.Pin[task] {
			faults = append(faults, fmt.Errorf("task %s is pinned to %s and moved to %s", task, c.Pin[task], to))
		}
	}
	for _, worker := range c.Drain {
		if slices.Contains(c.Undrain, worker) {
			faults = append(faults, fmt.Errorf("worker %s is in both drain and undrain", worker))
		}
	}
	return errors.Join(faults...)
}

func targets(part string, m map[string]string) error {
	var faults []error
	for _, task := range slices.Sorted(maps.Keys(m)) {
		faults = append(faults, tasks(part, []string{task}), workers(part+" of "+task, []string{m[task]}))
	}
	return errors.Join(faults...)
}

func tasks(part string, names []string) error {
	var faults []error
	for _, name := range names {
		if _, _, err := ParseTask(name); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", part, err))
		}
	}
	return errors.Join(faults...)
}

func workers(part string, names []string) error {
	for _, name := range names {
		if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
			return fmt.Errorf("%s: %q is no worker's name", part, name)
		}
	}
	return nil
}

// ParseTask reads a task's name, connector/id. The id is behind the last slash.
func ParseTask(name string) (connector string, id int, err error) {
	i := strings.LastIndexByte(name, '/')
	if i <= 0 || strings.ContainsFunc(name, unicode.IsControl) {
		return "", 0, fmt.Errorf("%q is no task: write connector/number, as orders/0", name)
	}
	n, err := strconv.ParseUint(name[i+1:], 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != name[i+1:] {
		return "", 0, fmt.Errorf("%q is no task: %q is no number; write connector/number, as orders/0", name, name[i+1:])
	}
	return name[:i], int(n), nil
}

// TaskName is the opposite of ParseTask.
func TaskName(connector string, id int) string { return connector + "/" + strconv.Itoa(id) }
