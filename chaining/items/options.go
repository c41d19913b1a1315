package items

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// maxTables is how many memtables, the one that is written to among them, lanes may fill before they wait for the disk.
const maxTables = 3

// memtable is the size of a memtable.
func memtable(budget int64) int64 { return min(max(budget/6, 1<<20), 32<<20) }

// options are pebble's for a store of many small rows that need not outlive the process, beside other work on few cores.
func options(c Config, fs vfs.FS) *pebble.Options {
	o := &pebble.Options{
		FS:                          fs,
		CacheSize:                   c.Budget, // memtables are taken off it
		MemTableSize:                uint64(memtable(c.Budget)),
		MemTableStopWritesThreshold: 3 * maxTables, // lanes wait before, where they can be told that the disk is full
		DisableWAL:                  true,
		FormatMajorVersion:          pebble.FormatNewest,
		MaxOpenFiles:                256,
		MaxManifestFileSize:         4 << 20,
		L0CompactionThreshold:       16, // tables that are read at once are half as many; what is soon deleted is rarely rewritten
		L0StopWritesThreshold:       40,
		LBaseMaxBytes:               256 << 20,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, 1 },
		Logger:                      logger{c.Log},
	}
	o.Experimental.ReadSamplingMultiplier = -1 // what is read is soon deleted: rewriting it would be for nothing
	for i := range o.Levels {
		o.TargetFileSizes[i] = 8 << 20
		o.Levels[i] = pebble.LevelOptions{
			BlockSize: 4 << 10, IndexBlockSize: 256 << 10, FilterPolicy: bloom.FilterPolicy(10),
			Compression: func() *sstable.CompressionProfile { return sstable.SnappyCompression },
		}
	}
	return o
}

// logger hands what pebble says to slog.
type logger struct{ log *slog.Logger }

// Infof implements pebble.Logger.
func (l logger) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("items: " + fmt.Sprintf(format, args...))
	}
}

// Errorf implements pebble.Logger.
func (l logger) Errorf(format string, args ...any) {
	l.log.Warn("items: " + fmt.Sprintf(format, args...))
}

// Fatalf implements pebble.Logger. It must not return: pebble cannot go on, and with it the process.
func (l logger) Fatalf(format string, args ...any) {
	text := "items: " + fmt.Sprintf(format, args...)
	l.log.Error(text)
	panic(text)
}
