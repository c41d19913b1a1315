// Package lead is the right to write the config topic and the assignments topic.
package lead

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/headwater/headwater/coordinator/board"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Writer commits under the cluster's transactional id, connect-cluster-<group.id>.
type Writer interface {
	Claim(context.Context) error
	Commit(context.Context, []record.Batch) error
	Close()
}

// Leader is the right to write the config topic and the assignments topic. Whoever claims it last has it: an earlier
// leader's write fails. Its methods are called by whoever holds its turn.
type Leader struct {
	// Topic is <group.id>-assignments, Board what was read of it.
	Topic rows.Topic
	Board *board.Board
	// Synced reads the config topic to its end. Nil: nobody writes it.
	Synced func(context.Context) error

	self   *headwaterv1.Member
	writer Writer
	turn   chan struct{}             // holds one token: changes and passes go one at a time
	taken  atomic.Pointer[time.Time] // when the turn was taken that is under way; nil: none is
	may    func() bool               // whether the group says that this worker leads
	leads  bool                      // the writer's claim is good, as far as we know
	since  time.Time                 // of the claim
	epoch  int64                     // of the last row that we wrote
	fenced int                       // how often somebody took the claim from us lately
	after  time.Time                 // no new claim before, so that two leaders that both believe in themselves do not duel
}

// New returns a leader that leads nothing yet. topic is <group.id>-assignments.
// may says whether the group gives this worker the lead.
func New(self *headwaterv1.Member, topic string, rowsRead *board.Board, writer Writer, may func() bool) *Leader {
	return &Leader{
		self: self, Topic: rows.Topic(topic), Board: rowsRead, writer: writer, may: may, turn: make(chan struct{}, 1),
	}
}

// Take waits for the turn. It is a channel and no mutex, so that waiting ends with ctx.
func (l *Leader) Take(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		l.taken.Store(new(time.Now()))
		return nil
	case <-ctx.Done():
		return &fault.Error{Kind: fault.Retriable, Op: "wait for another change to end", Err: ctx.Err()}
	}
}

// Give ends the turn.
func (l *Leader) Give() {
	l.taken.Store(nil)
	<-l.turn
}

// Held is how long the turn under way has lasted; the watchdog looks at it.
func (l *Leader) Held() time.Duration {
	if at := l.taken.Load(); at != nil {
		return time.Since(*at)
	}
	return 0
}

// Do runs change as the leader, alone. It claims the lead first if need be.
func (l *Leader) Do(ctx context.Context, change func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	if err := l.Take(ctx); err != nil {
		return err
	}
	defer l.Give()
	if err := l.lead(ctx); err != nil {
		return err
	}
	return change(ctx)
}

// lead makes sure of the claim: whoever led before can write no more.
func (l *Leader) lead(ctx context.Context) error {
	if !l.may() || time.Now().Before(l.after) {
		l.resign()
		return &board.Lost{What: "the lead", Holder: l.Board.LeaderRow().GetWorker()}
	}
	if l.leads {
		if !l.Board.IsSelf(l.Board.LeaderRow()) { // as if our next write had been refused already
			return l.failed(&fault.Error{Kind: fault.Fenced, Op: "lead", Err: errors.New("the rows name another leader")})
		}
		return nil
	}
	if err := l.writer.Claim(ctx); err != nil {
		return err
	}
	l.leads = true
	if err := l.Board.Sync(ctx); err != nil {
		l.resign()
		return err
	}
	if l.Synced != nil {
		if err := l.Synced(ctx); err != nil {
			l.resign()
			return err
		}
	}
	l.epoch = l.highest()
	l.since = time.Now()
	return l.Write(ctx, nil)
}

// highest is the epoch that no row exceeds.
func (l *Leader) highest() int64 {
	view := l.Board.View()
	epoch := max(l.epoch, view.Leader.GetEpoch())
	for _, row := range view.Tasks {
		epoch = max(epoch, row.GetEpoch())
	}
	for _, row := range view.Lanes {
		epoch = max(epoch, row.GetEpoch())
	}
	return epoch
}

// Next is the epoch of the rows about to be written.
func (l *Leader) Next() int64 { return l.epoch + 1 }

// Write commits messages with the leader's row of the next epoch, and reads them back. An error that may heal is met by
// another claim and another try: the same rows twice do no harm in a compacted topic.
func (l *Leader) Write(ctx context.Context, messages []record.Message) error {
	row := &headwaterv1.Leader{
		Worker: l.self.GetName(), Instance: l.self.GetInstance(), Url: l.self.GetUrl(), Epoch: l.Next(), Protocol: l.self.GetProtocol(),
	}
	batch := record.Batch{Messages: record.Each(append(slices.Clone(messages), l.Topic.Leader(row))...)}
	err := l.writer.Commit(ctx, []record.Batch{batch})
	if err != nil && fault.KindOf(err) == fault.Retriable && l.may() {
		l.writer.Close() // any commit error discards the client (R11)
		if err = l.again(ctx, row); err == nil {
			err = l.writer.Commit(ctx, []record.Batch{batch})
		}
	}
	if err != nil {
		return l.failed(err)
	}
	l.epoch = row.GetEpoch()
	if time.Since(l.since) > time.Minute { // a claim that lasts is no duel
		l.fenced = 0
	}
	return l.Board.Sync(ctx)
}

// again claims once more, unless somebody else has written since: what we meant to write was worked out before that.
func (l *Leader) again(ctx context.Context, row *headwaterv1.Leader) error {
	if err := l.writer.Claim(ctx); err != nil {
		return err
	}
	if err := l.Board.Sync(ctx); err != nil {
		return err
	}
	if now := l.Board.LeaderRow(); now != nil && !l.Board.IsSelf(now) || l.highest() > row.GetEpoch() {
		return &fault.Error{Kind: fault.Fenced, Op: "claim the lead again", Err: errors.New("another worker has led meanwhile")}
	}
	return nil
}

// failed discards the claim. Who was fenced has been replaced, or shares its group.id with another cluster.
func (l *Leader) failed(err error) error {
	l.resign()
	if fault.KindOf(err) != fault.Fenced {
		return err
	}
	l.fenced++
	l.after = time.Now().Add(min(time.Second<<min(l.fenced, 5), 30*time.Second))
	return &board.Lost{What: "the lead", Holder: "that came later"}
}

// Release lets go of the claim when the group has given the lead to another. What was known under it is old, and whoever
// took the claim was to have it: that was no duel, and when the lead comes back nothing is waited for.
func (l *Leader) Release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	if l.Take(ctx) == nil {
		defer l.Give()
		l.fenced, l.after = 0, time.Time{}
		if l.leads {
			l.resign()
		}
	}
}

// resign lets go of the claim.
func (l *Leader) resign() {
	l.writer.Close()
	l.leads = false
}

// Limit bounds one pass of the leader and one change.
const Limit = 30 * time.Second

// May reports whether the group says that this worker leads.
func (l *Leader) May() bool { return l.may() }

// Since is when the present claim was made; another claim, another term.
func (l *Leader) Since() time.Time { return l.since }
