package coordinator

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Table is the assignments topic as this worker reads it.
type Table interface {
	Sync(context.Context) error
	Get(key []byte) ([]byte, bool)
}

// Writer commits under the cluster's transactional id, connect-cluster-<group.id>.
type Writer interface {
	Claim(context.Context) error
	Commit(context.Context, []record.Batch) error
	Close()
}

// leaderRow is the key of the row that says who writes. No task has such a name: theirs hold a slash.
const leaderRow = "leader"

// Static is the coordinator of a single worker: it takes the lead and every task when it starts, and keeps them until
// another worker does the same. It is safe for concurrent use.
type Static struct {
	worker, topic string
	rows          Table
	writer        Writer

	mu     sync.Mutex
	leads  bool
	epochs map[string]int64 // by row: what we wrote
	lost   chan *Lost
}

// NewStatic returns a coordinator that leads nothing yet. worker is this worker's name, for people; topic is
// <group.id>-assignments.
func NewStatic(worker, topic string, rows Table, writer Writer) *Static {
	return &Static{
		worker: worker, topic: topic, rows: rows, writer: writer, epochs: map[string]int64{}, lost: make(chan *Lost, 1),
	}
}

// Lost tells, once, that another worker has taken over: this one has nothing to do any more and should end.
func (s *Static) Lost() <-chan *Lost { return s.lost }

// Lead takes the lead: from here on a write of any earlier leader fails.
func (s *Static) Lead(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.writer.Claim(ctx); err != nil {
		return err
	}
	s.leads = true
	return s.assign(ctx, leaderRow)
}

// Assign gives the tasks to this worker; those it has already are left alone.
func (s *Static) Assign(ctx context.Context, tasks ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fresh []string
	for _, t := range tasks {
		if _, ok := s.epochs[t]; !ok {
			fresh = append(fresh, t)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return s.assign(ctx, fresh...)
}

// assign writes rows with the epoch after the one that stands there.
func (s *Static) assign(ctx context.Context, keys ...string) error {
	if err := s.rows.Sync(ctx); err != nil {
		return err
	}
	var messages []record.Message
	epochs := map[string]int64{}
	for _, key := range keys {
		row, err := s.row(key)
		if err != nil {
			return err
		}
		next := &headwaterv1.Assignment{Worker: s.worker, Epoch: row.GetEpoch() + 1, Reason: "static"}
		value, err := proto.Marshal(next)
		if err != nil {
			return fmt.Errorf("encode assignment of %s: %w", key, err)
		}
		messages = append(messages, record.Message{Topic: s.topic, Key: []byte(key), Value: value})
		epochs[key] = next.GetEpoch()
	}
	if err := s.write(ctx, messages); err != nil {
		return err
	}
	maps.Copy(s.epochs, epochs)
	return nil
}

// Write commits config records as the leader. It fails with *Lost when another worker leads.
func (s *Static) Write(ctx context.Context, messages []record.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(ctx, messages)
}

// write tries twice: a producer that sat idle for days, or whose broker moved, is claimed again, once the rows say that
// we still lead. Writing the same rows twice does no harm: the topics are compacted.
func (s *Static) write(ctx context.Context, messages []record.Message) error {
	err := s.try(ctx, messages)
	if kind := fault.KindOf(err); err == nil || kind == fault.Fatal || kind == fault.Permanent {
		return err
	}
	return s.try(ctx, messages)
}

func (s *Static) try(ctx context.Context, messages []record.Message) error {
	if !s.leads {
		if err := s.leadAgain(ctx); err != nil {
			return err
		}
	}
	err := s.writer.Commit(ctx, []record.Batch{{Messages: record.Each(messages...)}})
	if err != nil {
		s.writer.Close()
		s.leads = false
	}
	return err
}

func (s *Static) leadAgain(ctx context.Context) error {
	if _, err := s.take(ctx, leaderRow); err != nil {
		return err
	}
	if err := s.writer.Claim(ctx); err != nil {
		return err
	}
	s.leads = true
	return nil
}

// Take returns the lease of task as the rows have it now. It fails with *Lost when they name another worker.
func (s *Static) Take(ctx context.Context, task string) (Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(ctx, task)
}

func (s *Static) take(ctx context.Context, key string) (Lease, error) {
	if err := s.rows.Sync(ctx); err != nil {
		return Lease{}, err
	}
	row, err := s.row(key)
	if err != nil {
		return Lease{}, err
	}
	if row.GetWorker() != s.worker || row.GetEpoch() != s.epochs[key] {
		return Lease{}, s.replaced(&Lost{Task: key, Holder: row.GetWorker()})
	}
	return Lease{Task: key, Epoch: row.GetEpoch()}, nil
}

func (s *Static) replaced(l *Lost) error {
	select {
	case s.lost <- l:
	default: // it has been told
	}
	return l
}

// row reads a row; one that is not there is empty.
func (s *Static) row(key string) (*headwaterv1.Assignment, error) {
	value, _ := s.rows.Get([]byte(key))
	row := &headwaterv1.Assignment{}
	if err := proto.Unmarshal(value, row); err != nil {
		return nil, &fault.Error{
			Op: "read the assignment of " + key + " in topic " + s.topic, Err: err,
			Hint: "the row is corrupt: write a tombstone for that key",
		}
	}
	return row, nil
}

// Close lets go of the lead's connections.
func (s *Static) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writer.Close()
	s.leads = false
}
