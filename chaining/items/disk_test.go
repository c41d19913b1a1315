package items

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/headwater/headwater/internal/fault"
)

// TestFullDisk: while the disk is full, lanes are told so and what to do, and go on once there is room. A store on a full
// disk can be closed.
func TestFullDisk(t *testing.T) {
	var full atomic.Bool
	fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpRemove {
			return syscall.ENOSPC
		}
		return nil
	}))
	s, err := open(Config{Dir: t.TempDir(), Budget: 8 << 20}, fs)
	if err != nil {
		t.Fatal(err)
	}
	s.disk.every = time.Millisecond
	l, q := s.Lane("c-0"), newQueue(1, false)
	for range 2 {
		full.Store(true)
		for err = error(nil); err == nil; {
			_, err = l.Apply(q.take(1000))
		}
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Retriable || f.Hint == "" {
			t.Fatalf("%#v", err)
		}
		full.Store(false)
		for end := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
			_, err = l.Apply(q.take(1000))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	full.Store(true)
	for err == nil {
		_, err = l.Apply(q.take(1000))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestDirectory: a store deletes what it finds in its folder and what it leaves there, and nothing else; two cannot share one.
func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	theirs, old := filepath.Join(dir, "theirs"), filepath.Join(dir, "items", "old")
	if err := errors.Join(os.Mkdir(filepath.Dir(old), 0o700), os.WriteFile(theirs, nil, 0o600), os.WriteFile(old, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("what was in the folder is still there")
	}
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(old)); err == nil {
		t.Error("the folder is still there")
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
}

// TestUseAfterTheEnd: a dropped lane and a closed store say so, also to those who are in the midst of something.
func TestUseAfterTheEnd(t *testing.T) {
	s, err := Open(Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for range 3 {
		l, q := s.Lane("c-0"), newQueue(1, true)
		for range 2 {
			part := q.take(100)
			work.Go(func() {
				for err := error(nil); !errors.Is(err, ErrClosed); {
					if err != nil {
						t.Error(err)
						return
					}
					_, err = l.Apply(part)
					_, _, _, next := l.Next(2, time.UnixMilli(1), nil)
					_, list := l.List(2, Gone, part[0].Key.ID, 10)
					err = errors.Join(err, next, list)
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		if len(l.Counts()) == 0 {
			t.Error("nothing was counted")
		}
		if l.store.last.Load() < 3 {
			if err := l.Drop(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	work.Wait()
}
