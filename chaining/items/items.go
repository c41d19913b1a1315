// Package items holds the work items of a worker's lanes, in an embedded store on disk: a lane reads its partition of the
// work queue into it and asks which item is to be done next. Millions of items cost neither memory nor a slow claim.
//
// The store is a cache of the topic. Nothing in it is worth keeping: it is thrown away and begun anew with every process,
// nothing is logged ahead or flushed for safety, and a lane that is lost or in doubt is dropped and read again.
//
// A lane keeps, for each item, a row with the little that decides what is due, its announcement under the queue offset, and
// at most one entry in one of two indexes:
//
//	waiting  by queue offset   announced and not served yet: never crawled, announced anew, or set by a person
//	due      by time           OPEN and SET_ASIDE; DONE when it is polled again
//
// The head of each index is not on disk but in memory (window), so that the next item costs two point reads at most, what is
// done soon is never written to an index, and the deletions that a queue leaves behind in a log-structured store are never
// stepped over again.
package items

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/headwater/headwater/internal/fault"
)

// DefaultBudget is how many bytes of the worker's memory the blocks and memtables of a store take together. Where they lie
// on Go's heap (without cgo), the collector lets twice as much be resident, and tables that are being rewritten come on top:
// a worker stays within 256 MiB.
const DefaultBudget = 64 << 20

// ErrClosed is what a lane says that was dropped, or whose store was closed.
var ErrClosed = errors.New("the store of work items is closed")

// ErrInUse is what Open says of a directory that another process has.
var ErrInUse = errors.New("another worker uses this directory")

// Config says where a store lies and what it may take.
type Config struct {
	// Dir is the worker's own directory. The store takes the folder "items" in it, and deletes what it finds there.
	Dir string
	// Budget is the memory in bytes for what is written and what was read, of all lanes together. 0: DefaultBudget.
	Budget int64
	// Log is told at debug level what the store does, and at warn level what it cannot do. Nil: nobody is told.
	Log *slog.Logger
}

// Store holds the lanes of a worker. It is safe for concurrent use.
type Store struct {
	db   *pebble.DB
	dir  string
	disk *disk
	lock interface{ Close() error } // on the directory
	last atomic.Uint32              // number of the newest lane
	page int                        // of the windows

	memtable int64        // size of one
	written  atomic.Int64 // bytes since the memtables were looked at

	mu     sync.RWMutex // held for reading while db is in use
	closed bool
}

// Open begins an empty store. It fails when another process uses the directory.
func Open(c Config) (*Store, error) { return open(c, vfs.Default) }

func open(c Config, fs vfs.FS) (*Store, error) {
	if c.Budget <= 0 {
		c.Budget = DefaultBudget
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{page: defaultPage, dir: filepath.Join(c.Dir, "items"), disk: newDisk(fs, c.Log), memtable: memtable(c.Budget)}
	if err := s.begin(c, fs); err != nil {
		if s.lock != nil {
			_ = s.lock.Close()
		}
		return nil, s.fault("open the store of work items", err)
	}
	return s, nil
}

// begin takes the directory, empties it and opens the store there.
func (s *Store) begin(c Config, fs vfs.FS) (err error) {
	if err = fs.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	if s.lock, err = fs.Lock(s.dir + ".lock"); err != nil {
		s.lock = nil
		return fmt.Errorf("%s.lock: %w: %w", s.dir, err, ErrInUse)
	}
	if err = fs.RemoveAll(s.dir); err == nil {
		err = fs.MkdirAll(s.dir, 0o700)
	}
	if err == nil {
		s.db, err = pebble.Open(s.dir, options(c, s.disk))
	}
	return err
}

// Close ends the store, whatever its lanes are doing: their calls end, and later ones fail with ErrClosed. What it held is
// deleted.
func (s *Store) Close() error {
	s.disk.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	// What cannot be written any more does not matter.
	err := s.db.Close()
	if isFull(err) {
		err = nil
	}
	if err = errors.Join(err, os.RemoveAll(s.dir), s.lock.Close()); err != nil {
		return s.fault("close the store of work items", err)
	}
	return nil
}

// Lane begins an empty lane. name is for messages: each call makes a new lane.
func (s *Store) Lane(name string) *Lane {
	return &Lane{
		store: s, name: name, keys: prefix(s.last.Add(1)), children: map[int]*child{},
		picked: map[place]row{}, ahead: map[int64][]byte{}, own: map[place]own{},
	}
}

// use runs f while the store cannot be closed, and gives its error the name of what was tried with which lane.
func (s *Store) use(op, lane string, f func() error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	err := ErrClosed
	if !s.closed {
		err = f()
	}
	if err != nil {
		return s.fault(op+" of "+lane, err)
	}
	return nil
}

// commit stores a batch, once there is room for it.
func (s *Store) commit(b *pebble.Batch) error {
	if err := s.room(b.Len()); err != nil {
		return err
	}
	return b.Commit(pebble.NoSync)
}

// room makes lanes wait while pebble cannot keep up with them, before n bytes are written. It fails when the disk is full.
func (s *Store) room(n int) error {
	if err := s.disk.check(); err != nil || s.written.Add(int64(n)) < s.memtable/8 {
		return err
	}
	s.written.Store(0)
	for s.db.Metrics().MemTable.Size >= uint64(maxTables*s.memtable) {
		select {
		case <-s.disk.closed:
			return ErrClosed
		case <-time.After(time.Millisecond):
		}
		if err := s.disk.check(); err != nil {
			return err
		}
	}
	return nil
}

// fault says what a person can do. A full disk heals; anything else needs the lane, or the store, to be begun anew.
func (s *Store) fault(op string, err error) error {
	f := &fault.Error{Op: op, Err: err}
	switch {
	case isFull(err):
		f.Kind = fault.Retriable
		f.Hint = "free space at " + s.dir + ", or set work.dir to a larger disk; the work goes on by itself then"
	case !errors.Is(err, ErrClosed):
		f.Hint = "check the disk and the permissions of " + s.dir + ", or set work.dir to another one that no other worker " +
			"uses; nothing is lost, the folder is a cache of the work queue"
	}
	return f
}
