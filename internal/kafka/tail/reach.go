// Package tail reads topics as they grow, read committed and from their beginning: a Table holds a whole compacted topic in
// memory, a Reader hands over single partitions. Both can be brought up to date: Sync.
package tail

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/proof"
)

// Door is what the room of the door to the broker lends.
type Door struct {
	Connect  func(...kgo.Opt) (*kgo.Client, error)
	Classify func(op string, err error) error // makes a *fault.Error of a broker's
}

// tail opens a client that consumes as both kinds of readers do.
func (d Door) tail(opts ...kgo.Opt) (*kgo.Client, error) {
	isolation := kgo.ReadCommitted()
	if proof.Broken("R7") {
		isolation = kgo.ReadUncommitted()
	}
	return d.Connect(append(opts,
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(isolation),
		// The last offset of a partition may be a commit marker: without it the position never reaches the end (R4).
		kgo.KeepControlRecords(),
		kgo.FetchMaxWait(500*time.Millisecond),
	)...)
}

// reach is how far the partitions of a topic are read, and the wait for their ends. A Table and a Reader each have one.
type reach struct {
	topic    string
	admin    *kadm.Client
	classify func(op string, err error) error
	asking   listings
	skipping sync.Mutex // held while the starts are asked for

	mu       sync.Mutex
	position map[int32]int64
	end      map[int32]int64 // the greatest high watermarks heard of; for people
	failed   error           // what the last fetch ended with; nil while all is well
	moved    chan struct{}   // closed and replaced whenever position moves
}

// begin is needed before anything else; the questions to the broker last as long as ctx.
func (r *reach) begin(ctx context.Context, door Door, topic string, cl *kgo.Client) {
	r.topic, r.admin, r.classify, r.moved = topic, kadm.NewClient(cl), door.Classify, make(chan struct{})
	r.position, r.end = map[int32]int64{}, map[int32]int64{}
	r.asking.ask = func() (kadm.ListedOffsets, error) { return r.listEnds(ctx) }
}

func (r *reach) notify() {
	close(r.moved)
	r.moved = make(chan struct{})
}
