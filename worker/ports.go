// Package worker says HOW tasks run. A Runner is one API's loop: fetch a page, work out what it comes to, commit it;
// pages are fetched ahead while the last ones commit. A Worker keeps the running connectors equal to the wanted ones.
//
// The package talks to the broker and to APIs only through the interfaces below.
package worker

import (
	"context"

	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/hold"
	"github.com/headwater/headwater/worker/meter"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// Fetcher asks an API. Its errors carry a report for the error topic.
type Fetcher interface {
	Fetch(context.Context, poll.Request) (poll.Response, error)
}

// Committer commits batches under a transactional id.
type Committer interface {
	// Claim fences every earlier holder of the id.
	Claim(context.Context) error
	// Commit makes all batches visible or none. After an error the committer is spent: Close it and claim again.
	Commit(context.Context, []record.Batch) error
	Close()
}

// Offsets reads stored source offsets.
type Offsets interface {
	// Load returns the offset as of everything committed before the call; nil when there is none. It is only right
	// after Claim (R3).
	Load(context.Context, offsets.Partition) (*offsets.Offset, error)
}

// What package hold has, under the names that the rooms above use.
type (
	// Lease is the right to claim a task's transactional ids.
	Lease = hold.Lease
	// Status is what can be said about one API at a moment.
	Status = hold.Status
	// State is what a task is doing.
	State = hold.State
	// Metrics are the worker's collectors.
	Metrics = meter.Metrics
)

// The states of a task.
const (
	Unassigned = hold.Unassigned
	Running    = hold.Running
	Failed     = hold.Failed
)
