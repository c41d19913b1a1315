package board

import (
	"context"

	"github.com/headwater/headwater/coordinator/rows"
)

// Lease is the right to claim a task's transactional ids: the row of one epoch. It is looked at anew around every claim.
type Lease struct {
	Task  rows.Task
	Epoch int64
	board *Board
}

// Check reads the rows to their end and returns nil while they give the task to this worker in this epoch, else *Lost.
func (l Lease) Check(ctx context.Context) error {
	if err := l.board.Sync(ctx); err != nil {
		return err
	}
	return l.board.holds(l.Task, l.Epoch)
}

// Lost says that a task, or the lead, belongs to another worker now. It is final: the row names who has it.
type Lost struct{ What, Holder string }

// Error implements error.
func (e *Lost) Error() string {
	if e.Holder == "" {
		return e.What + " belongs to nobody now"
	}
	return e.What + " belongs to worker " + e.Holder + " now"
}
