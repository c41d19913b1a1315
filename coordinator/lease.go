// Package coordinator says WHO runs a task. Its word is advice: what makes a second holder harmless is that only the
// newest holder of a transactional id can commit.
//
// While the assignment is static, the worker that started last takes every task: it writes its name and a new epoch into
// the assignments topic, and who finds another name or epoch there after it was fenced stops for good (R10).
package coordinator

// Lease is the right to claim a task's transactional ids. It is taken anew before every claim.
type Lease struct {
	Task  string
	Epoch int64
}

// Lost says that a task belongs to another worker now. It is final: the row names who has it.
type Lost struct{ Task, Holder string }

// Error implements error.
func (e *Lost) Error() string {
	return "task " + e.Task + " belongs to worker " + e.Holder + " now"
}
