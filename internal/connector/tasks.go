package connector

import "fmt"

// Task is a unit of assignment: the numbers of the APIs that run together.
type Task struct{ APIs []int }

// Tasks spreads the APIs of c over tasks: as many as tasks.max allows and no more than there are APIs, one after the
// other. The same configuration always gives the same tasks.
func Tasks(c Config) []Task {
	n := len(c.APIs)
	if c.TasksMax > 0 {
		n = min(n, c.TasksMax)
	}
	tasks := make([]Task, n)
	for i, api := range c.APIs {
		tasks[i%n].APIs = append(tasks[i%n].APIs, api.N)
	}
	return tasks
}

// TransactionalID names the producer of one API; n is the API's number less one. It belongs to the API, whatever task that
// is in, and so outlives a change of tasks.max.
func TransactionalID(group, connector string, n int) string {
	return fmt.Sprintf("%s-%s-%d", group, connector, n)
}

// Lanes is the number of partitions of a connector's work queue, whatever the number of workers. It never changes: a work
// item's partition follows from it.
const Lanes = 15

// LaneIDs name the producers of a work queue's lanes, in order.
func LaneIDs(group, connector string) []string {
	ids := make([]string, Lanes)
	for lane := range ids {
		ids[lane] = fmt.Sprintf("%s-%s-q%d", group, connector, lane)
	}
	return ids
}
