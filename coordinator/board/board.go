// Package board is the assignments topic as one worker reads it, and the leases that follow from it.
package board

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Board is the assignments topic as this worker reads it. It is safe for concurrent use.
type Board struct {
	self   *headwaterv1.Member
	synced func(context.Context) error
	log    *slog.Logger

	mu      sync.Mutex
	view    *rows.View
	changed chan struct{}
}

// New returns a board that has read nothing. synced brings the topic's reader, which calls Read, up to its end.
func New(self *headwaterv1.Member, synced func(context.Context) error, log *slog.Logger) *Board {
	return &Board{self: self, synced: synced, log: log, view: rows.NewView(), changed: make(chan struct{})}
}

// Read takes the next record of the topic. One that cannot be read is logged and passed over, so that it stops nobody else.
func (b *Board) Read(offset int64, m record.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.view.Apply(m.Key, m.Value); err != nil {
		b.log.Warn("assignment record skipped", "offset", offset, "err", err)
		return
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// Sync returns when everything that was in the topic when it was called has been read.
func (b *Board) Sync(ctx context.Context) error { return b.synced(ctx) }

// Changed is closed at the next change of a row.
func (b *Board) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// View returns the rows as of now.
func (b *Board) View() *rows.View {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.view.Clone()
}

// Lease returns the lease of a row.
func (b *Board) Lease(t rows.Task, epoch int64) Lease { return Lease{Task: t, Epoch: epoch, board: b} }

func (b *Board) holds(t rows.Task, epoch int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	row := b.view.Tasks[t]
	same := row.GetInstance() == b.self.GetInstance() || proof.Broken("instance")
	if row.GetWorker() == b.self.GetName() && same && row.GetEpoch() == epoch {
		return nil
	}
	holder := row.GetWorker()
	if holder == b.self.GetName() {
		holder = fmt.Sprintf("%s (epoch %d, not %d)", holder, row.GetEpoch(), epoch)
	}
	return &Lost{What: "task " + t.String(), Holder: holder}
}

// LeaderRow returns the row of whoever leads, nil when nobody ever did.
func (b *Board) LeaderRow() *headwaterv1.Leader {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.view.Leader
}

// Leader returns the leader's name and where its REST API is; self says that it is this worker. known is false while
// nobody leads.
func (b *Board) Leader() (name, url string, self, known bool) {
	l := b.LeaderRow()
	return l.GetWorker(), l.GetUrl(), b.IsSelf(l), l != nil
}

// IsSelf reports whether a leader is this process.
func (b *Board) IsSelf(l *headwaterv1.Leader) bool {
	return l.GetWorker() == b.self.GetName() && l.GetInstance() == b.self.GetInstance()
}
