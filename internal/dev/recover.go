package dev

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// recover brings the data into a state that kfake reads rightly, if the last broker here did not close. kfake itself
// treats an open transaction as aborted after a kill, but writes that down nowhere: a second kill later, the producer's
// next commit would cover the old records too. Here every open transaction gets its marker: commit if that was under
// way, abort otherwise. Killed in the middle, it can be done again.
func (l layout) recover() error {
	clean, err := l.wasClosed()
	if err != nil || clean {
		return err
	}
	if err := l.restore(); err != nil {
		return err
	}
	return l.settle()
}

// wasClosed tells whether the last broker here closed in order, and takes the sign away: this one has not yet.
func (l layout) wasClosed() (bool, error) {
	err := os.Remove(l.clean())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (l layout) settle() error {
	wish, wished, err := readIntent(l.intent())
	if err != nil {
		return err
	}
	dirs, err := os.ReadDir(l.partitions())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ended := map[transaction]bool{}
	for _, d := range dirs {
		open, err := finish(filepath.Join(l.partitions(), d.Name()), func(t transaction) bool { return wished && t == wish })
		if err != nil {
			return err
		}
		maps.Copy(ended, open)
	}
	return l.note(ended)
}

// finish ends the open transactions of one partition and returns them with their outcome.
func finish(dir string, commit func(transaction) bool) (map[transaction]bool, error) {
	log, err := readPartition(dir)
	if err != nil || log == nil {
		return nil, err
	}
	ended := map[transaction]bool{}
	for _, producer := range slices.Sorted(maps.Keys(log.open)) {
		t := transaction{producer, log.open[producer]}
		ended[t] = commit(t)
		if err := log.mark(t, ended[t]); err != nil {
			return nil, err
		}
	}
	return ended, nil
}

// restore puts back the copy that a compaction had made and did not live to drop.
func (l layout) restore() error {
	if _, err := os.Stat(l.keep()); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := os.RemoveAll(l.partitions()); err != nil {
		return err
	}
	return os.Rename(l.keep(), l.partitions())
}

// compact runs kfake's compaction beside a copy made of hard links: kfake removes files and writes new ones, so the copy
// stays as it is, whatever happens meanwhile.
func (l layout) compact(run func()) error {
	draft := l.keep() + ".draft"
	if err := os.RemoveAll(draft); err != nil {
		return err
	}
	if err := linkTree(l.partitions(), draft); err != nil {
		return err
	}
	if err := os.Rename(draft, l.keep()); err != nil {
		return err
	}
	run()
	return os.RemoveAll(l.keep())
}

func linkTree(from, to string) error {
	if err := os.MkdirAll(from, 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		return os.Link(path, filepath.Join(to, rel))
	})
}
