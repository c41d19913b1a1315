package chaining

import (
	"time"

	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Outcome is what one try at an item came to.
type Outcome struct {
	// Offset is the child's offset afterwards, in Connect's JSON.
	Offset []byte
	// Done says that the API had no more at this moment; Again is then when it is to be asked again, zero: when the parent
	// is emitted again.
	Done  bool
	Again time.Time
	// Trace is why the try failed; empty: it did not. Retry is when to try again.
	Trace string
	Retry time.Time
	// Gone says that the API has nothing under these values any more.
	Gone bool
}

// After is the progress that follows from an outcome. before is nil for an item that was never crawled; serves is the
// emission of the announcement that was served, as it was when the item was picked (R14).
func After(before *headwaterv1.Progress, serves int64, o Outcome, now time.Time) *headwaterv1.Progress {
	p := &headwaterv1.Progress{
		Serves: serves, Offset: o.Offset, Revision: before.GetRevision() + 1, UnixMs: now.UnixMilli(),
	}
	switch {
	case o.Gone:
		p.State, p.Trace = headwaterv1.Progress_ENDED, o.Trace
	case o.Trace != "":
		p.State, p.Trace, p.Attempt = headwaterv1.Progress_SET_ASIDE, o.Trace, before.GetAttempt()+1
		p.NotBeforeUnixMs = o.Retry.UnixMilli()
	case o.Done:
		p.State = headwaterv1.Progress_DONE
		if !o.Again.IsZero() {
			p.NotBeforeUnixMs = o.Again.UnixMilli()
		}
	default:
		p.State = headwaterv1.Progress_OPEN
	}
	return p
}

// The waits of an item that goes on failing after its retries are spent: doubled with each failure.
const (
	asideFirst = time.Minute
	asideMost  = time.Hour
)

// Aside is how long an item is set aside after so many failures beyond its retries, counting from 0.
func Aside(failures int) time.Duration {
	return min(asideFirst<<min(max(failures, 0), 10), asideMost)
}

// Queued is a work item as its lane knows it.
type Queued struct {
	Child int
	ID    ID
	// At is the offset of the announcement in the work queue; meaningless without one.
	At int64
	// Announcement is nil for an item whose progress alone is known.
	Announcement *headwaterv1.Announcement
	Progress     *headwaterv1.Progress // nil: it was never crawled
}

// Crawled is a progress that a lane has committed.
type Crawled struct {
	Child    int
	ID       ID
	Progress *headwaterv1.Progress
	// Encoded is Progress as it stands in the queue, see ProgressMessage. Nil: it is encoded anew.
	Encoded []byte
}
