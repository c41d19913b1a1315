package items

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// errFull is what lanes are told while the disk is full.
var errFull = fmt.Errorf("the disk is full: %w", syscall.ENOSPC)

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// disk holds back what pebble writes while the disk is full. Pebble itself would try again without a pause, and end the
// process when it is its own log that finds no room.
type disk struct {
	vfs.FS
	log     *slog.Logger
	every   time.Duration // how often a write is tried again
	waiting atomic.Int64  // how many writes are held back
	once    sync.Once
	closed  chan struct{}
}

func newDisk(fs vfs.FS, log *slog.Logger) *disk {
	return &disk{FS: fs, log: log, every: time.Second, closed: make(chan struct{})}
}

// check fails while the disk is full, so that no lane waits inside pebble.
func (d *disk) check() error {
	if d.waiting.Load() > 0 {
		return errFull
	}
	return nil
}

// close lets go of what is held back: from now on nothing that is written will be read.
func (d *disk) close() { d.once.Do(func() { close(d.closed) }) }

// persist tries until there is room, or the store is closed.
func (d *disk) persist(try func() error) error {
	err := try()
	if !isFull(err) {
		return err
	}
	if d.waiting.Add(1) == 1 {
		d.log.Warn("items: the disk is full", "error", err)
	}
	defer d.waiting.Add(-1)
	for isFull(err) {
		select {
		case <-d.closed:
			time.Sleep(10 * time.Millisecond) // pebble tries again at once until it is closed
			return err
		case <-time.After(d.every):
			err = try()
		}
	}
	return err
}

// Create implements vfs.FS.
func (d *disk) Create(name string, kind vfs.DiskWriteCategory) (f vfs.File, err error) {
	err = d.persist(func() error {
		f, err = d.FS.Create(name, kind)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &file{File: f, disk: d}, nil
}

// OpenDir implements vfs.FS: a directory's Sync can find the disk full too.
func (d *disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &file{File: f, disk: d}, nil
}

// file is one that pebble writes. Once the store is closed, what finds no room counts as written.
type file struct {
	vfs.File
	disk *disk
}

func (f *file) persist(try func() error) error {
	if err := f.disk.persist(try); !isFull(err) {
		return err
	}
	return nil
}

// Write implements vfs.File.
func (f *file) Write(p []byte) (int, error) {
	n := 0
	err := f.persist(func() error {
		k, err := f.File.Write(p[n:])
		n += k
		return err
	})
	if err != nil {
		return n, err
	}
	return len(p), nil
}

// Sync implements vfs.File.
func (f *file) Sync() error { return f.persist(f.File.Sync) }

// SyncData implements vfs.File.
func (f *file) SyncData() error { return f.persist(f.File.SyncData) }

// SyncTo implements vfs.File.
func (f *file) SyncTo(length int64) (full bool, err error) {
	err = f.persist(func() error {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// Preallocate implements vfs.File.
func (f *file) Preallocate(offset, length int64) error {
	return f.persist(func() error { return f.File.Preallocate(offset, length) })
}
