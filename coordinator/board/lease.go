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

// Lanes is the right to claim the transactional ids of a work queue's lanes: the queue's row of one epoch. It names no
// worker: who of several claims last has the lane.
type Lanes struct {
	Connector string
	Epoch     int64
	board     *Board
}

// Lanes returns the lease of a connector's lanes.
func (b *Board) Lanes(connector string, epoch int64) Lanes {
	return Lanes{Connector: connector, Epoch: epoch, board: b}
}

// Check reads the rows to their end and returns nil while the lanes may run under this epoch, else *Lost.
func (l Lanes) Check(ctx context.Context) error {
	if err := l.board.Sync(ctx); err != nil {
		return err
	}
	if row := l.board.View().Lanes[l.Connector]; row.GetEpoch() != l.Epoch || row.GetConfig() == "" {
		return &Lost{What: "the work queue of " + l.Connector + " under this configuration"}
	}
	return nil
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
