package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// log is a topic in memory.
type log struct {
	mu   sync.Mutex
	rows map[int32][]kafka.Entry
	gone bool // there is no such topic
	open int  // readers
}

func (l *log) topic() Topic {
	return Topic{
		Name:   "q",
		Exists: func(context.Context, string) (bool, error) { return !l.gone, nil },
		Open: func(string) (Reader, error) {
			l.open++
			return &tape{log: l, parts: map[int32]func([]kafka.Entry){}}, nil
		},
	}
}

func (l *log) write(messages ...record.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rows == nil {
		l.rows = map[int32][]kafka.Entry{}
	}
	for _, m := range messages {
		p := m.Partition - 1
		l.rows[p] = append(l.rows[p], kafka.Entry{Key: m.Key, Value: m.Value, Offset: int64(len(l.rows[p]))})
	}
}

// tape reads a log; it hands over what is there when it is asked to be up to date.
type tape struct {
	log   *log
	parts map[int32]func([]kafka.Entry)
}

func (r *tape) Add(p int32, apply func([]kafka.Entry)) { r.parts[p] = apply }
func (r *tape) Remove(p int32)                         { delete(r.parts, p) }
func (r *tape) Close()                                 { r.log.open-- }

func (r *tape) Sync(ctx context.Context, p int32) error {
	r.log.mu.Lock()
	rows := slices.Clone(r.log.rows[p])
	r.log.mu.Unlock()
	for chunk := range slices.Chunk(rows, 3) {
		r.parts[p](chunk)
		if ctx.Err() != nil {
			return fmt.Errorf("sync: %w", ctx.Err())
		}
	}
	return nil
}

func announce(n int) record.Message {
	return chaining.AnnouncementMessage("q", &headwaterv1.Announcement{Child: 2, Values: []*headwaterv1.Value{{Name: "n", Value: fmt.Sprint(n)}}})
}

func progress(n int, revision int64, offset string) record.Message {
	p := &headwaterv1.Progress{Revision: revision}
	if offset != "" {
		p.Offset = []byte(offset)
	}
	return chaining.ProgressMessage("q", 2, item(2, n).ID(), p)
}

func key(n int) chaining.Key {
	return chaining.Key{Kind: chaining.Progressed, Child: 2, ID: item(2, n).ID()}
}

func TestProgress(t *testing.T) {
	l := &log{}
	l.write(announce(1), progress(1, 1, "a"), progress(1, 3, "c"), progress(1, 2, "b"), progress(2, 5, "x"), chaining.ProgressMessage("q", 2, item(2, 2).ID(), nil),
		progress(3, 1, "y"), record.Message{Key: []byte("odd"), Value: []byte("odd"), Partition: 1})
	got, err := l.topic().Progress(t.Context(), []chaining.Key{key(1), key(2), key(4)})
	if err != nil || len(got) != 1 || got[key(1)].GetRevision() != 3 || l.open != 0 {
		t.Errorf("%v %v, %d readers left", got, err, l.open)
	}
	l.gone = true
	if got, err := l.topic().Progress(t.Context(), []chaining.Key{key(1)}); err != nil || len(got) != 0 {
		t.Errorf("without a topic: %v %v", got, err)
	}
}

func TestSet(t *testing.T) {
	for _, before := range []*headwaterv1.Progress{nil, {Revision: 4, Serves: 7, Trace: "x", Attempt: 2}} {
		p := Set(before, []byte("o"), began)
		if p.GetRevision() != before.GetRevision()+1 || p.GetServes() != 0 || p.GetState() != headwaterv1.Progress_SET || string(p.GetOffset()) != "o" || p.GetTrace() != "" {
			t.Errorf("%v", p)
		}
	}
}

func TestStored(t *testing.T) {
	l := &log{}
	for n := range 50 {
		l.write(announce(n))
	}
	l.write(progress(1, 1, "a"), progress(1, 2, "b"), progress(2, 1, ""), progress(3, 1, "c"), progress(99, 1, "never announced"),
		progress(4, 1, "d"), chaining.ProgressMessage("q", 2, item(2, 4).ID(), nil), progress(5, 1, "e"))
	forgotten := announce(5)
	forgotten.Value = nil
	l.write(forgotten)
	list, err := l.topic().Stored(t.Context(), 100)
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprintf("%d %s=%s", s.Child, s.Values["n"], s.Offset))
	}
	slices.Sort(got)
	if err != nil || strings.Join(got, ", ") != "2 1=b, 2 3=c" || l.open != 0 {
		t.Errorf("%q %v", got, err)
	}
	for n := range 50 {
		l.write(progress(n, 9, "z"))
	}
	if list, err := l.topic().Stored(t.Context(), 7); err != nil || len(list) != 7 {
		t.Errorf("%d of 7, %v", len(list), err)
	}
}

// TestSweep empties a queue that is larger than a transaction, is cut off on the way, and called again.
func TestSweep(t *testing.T) {
	l := &log{}
	for n := range sweepBatch {
		l.write(announce(n), progress(n%100, int64(n), "x"))
	}
	for n := range sweepBatch * 2 { // one lane that takes several transactions
		l.write(record.Message{Key: fmt.Appendf(nil, "a/2/%d", n), Value: []byte("x"), Partition: 15})
	}
	boom, commits, largest := errors.New("boom"), 0, 0
	commit := func(_ context.Context, lane int32, tombstones []record.Message) error {
		for _, m := range tombstones {
			if m.Value != nil || m.Topic != "q" || m.Partition != lane+1 {
				t.Fatalf("%+v on lane %d", m, lane)
			}
		}
		if commits++; commits == 9 {
			return boom
		}
		largest = max(largest, len(tombstones))
		l.write(tombstones...)
		return nil
	}
	if err := l.topic().Sweep(t.Context(), commit); !errors.Is(err, boom) {
		t.Fatalf("cut off: %v", err)
	}
	if err := l.topic().Sweep(t.Context(), commit); err != nil {
		t.Fatal(err)
	}
	for lane, rows := range l.rows {
		left := map[string]bool{}
		for _, e := range rows {
			if left[string(e.Key)] = true; e.Value == nil {
				delete(left, string(e.Key))
			}
		}
		if len(left) > 0 {
			t.Errorf("lane %d still has %d keys", lane, len(left))
		}
	}
	if largest > sweepBatch || l.open != 0 {
		t.Errorf("%d in a transaction, %d readers left", largest, l.open)
	}
	before := commits
	if err := l.topic().Sweep(t.Context(), commit); err != nil {
		t.Fatal(err)
	}
	l.gone = true
	if err := l.topic().Sweep(t.Context(), commit); err != nil {
		t.Errorf("without a topic: %v", err)
	}
	t.Logf("%d commits, then %d", before, commits-before)
}
