// Package coordinator says WHO runs a task. Its word is advice: what makes a second holder harmless is that only the
// newest holder of a transactional id can commit.
//
// Every worker has a Member. Workers join one consumer group; the Member that holds the group's only partition leads.
//
//	         joined                       holds partition 0
//	(start) --------> follows the rows <-------------------> leads: passes, config changes
//	                     |      ^                              |
//	  silence for 0.8 of |      | heard again                  | its loop hangs
//	  the session        v      |                              v
//	                  runs nothing                       leaves the group, ends
//
// The leader's pass compares who lives with who has what, asks plan.Assign for the moves, fences the ids of whoever was
// lost, and commits the changed rows under the cluster's transactional id, so that a deposed leader's write fails.
//
// Followers run exactly the rows that bear their name and their instance, for the configuration that they have read
// themselves. A Lease is such a row's epoch, looked at before and after every claim.
package coordinator

import (
	"cmp"

	"github.com/headwater/headwater/coordinator/board"
	"github.com/headwater/headwater/coordinator/lead"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Protocol is the version of what workers tell each other. A worker takes rows and gossip of any version: what it does not
// know it leaves alone.
const Protocol = 1

// What packages board and lead have, under the names that the rooms above use.
type (
	Board  = board.Board
	Lease  = board.Lease
	Lost   = board.Lost
	Leader = lead.Leader
)

// NewBoard returns a board that has read nothing; see board.New. NewLeader returns a leader that leads nothing yet; see
// lead.New.
var (
	NewBoard  = board.New
	NewLeader = lead.New
)

// Want is a task that this worker should run.
type Want struct {
	Task   rows.Task
	Config connector.Config
	// Version is the fingerprint of the configuration, Epoch that of the row.
	Version string
	Epoch   int64
	// Ready is closed when the worker that had the task has let go, or has had time to; nil: at once.
	Ready <-chan struct{}
}

// WantLanes is a connector with a work queue, whose lanes this worker should run as far as the queue's consumer group
// gives them to it.
type WantLanes struct {
	Config  connector.Config
	Version string
	Epoch   int64 // of the row lanes/<connector>
}

// Same reports whether w and o are one and the same run: the task need not stop.
func (w Want) Same(o Want) bool {
	return w.Task == o.Task && w.Version == o.Version && w.Epoch == o.Epoch
}

// Living is a member of the group.
type Living struct {
	ID string // the group's name for it
	*headwaterv1.Member
}

// newest keeps one member a name, that of the instance that started last: the other is its predecessor, whose session
// has not run out yet.
func newest(members []Living) map[string]Living {
	out := map[string]Living{}
	for _, m := range members {
		if known, ok := out[m.GetName()]; !ok || later(m, known) {
			out[m.GetName()] = m
		}
	}
	return out
}

func later(a, b Living) bool {
	return cmp.Or(cmp.Compare(a.GetStartedUnixMs(), b.GetStartedUnixMs()), cmp.Compare(a.GetInstance(), b.GetInstance())) > 0
}

// alert is a channel that is closed and replaced at every change, so that any number may wait for the next one.
type alert struct{ c chan struct{} }

func newAlert() alert { return alert{make(chan struct{})} }

func (a *alert) ring() {
	close(a.c)
	a.c = make(chan struct{})
}

// passLimit bounds one pass of the leader and one change.
const passLimit = lead.Limit
