// Package spool keeps the records of one page: in memory while they are few, in a file without a name when they are
// many. What it holds in memory does not grow with the page.
package spool

import "github.com/headwater/headwater/internal/record"

// DefaultMemory is how much of a page is kept in memory before it moves to a file.
const DefaultMemory = 8 << 20

// perRecord is what a record costs in memory beside its bytes: the slice that points to it.
const perRecord = 24

// Writer takes the records of one page. End it with List or with Discard. It is not safe for concurrent use.
type Writer struct {
	memory int64
	dir    string

	chunks  arena
	records [][]byte
	held    int64
	file    *file // nil while everything is in memory
}

// Error is a fault of this machine: a page could not be written to its file. All errors of a Writer are such.
type Error struct{ error }

// Unwrap returns the fault.
func (e *Error) Unwrap() error { return e.error }

// New returns a Writer that keeps at most memory bytes, slices included, before it moves to a file in dir. memory
// defaults to DefaultMemory, dir to the system's folder for temporary files.
func New(memory int64, dir string) *Writer {
	if memory <= 0 {
		memory = DefaultMemory
	}
	return &Writer{memory: memory, dir: dir}
}

// Append stores a copy of raw.
func (w *Writer) Append(raw []byte) error { return w.store(raw, w.chunks.copy) }

// Keep stores raw itself, which nobody may write to any more.
func (w *Writer) Keep(raw []byte) error {
	return w.store(raw, func(raw []byte) []byte { return raw[:len(raw):len(raw)] })
}

func (w *Writer) store(raw []byte, held func([]byte) []byte) error {
	if w.file != nil {
		return w.file.append(raw)
	}
	if w.held += int64(len(raw)) + perRecord; w.held > w.memory {
		return w.move(raw)
	}
	w.records = append(w.records, held(raw))
	return nil
}

// Held is the length of the records, as long as they are in memory.
func (w *Writer) Held() int64 { return w.held - perRecord*int64(len(w.records)) }

// Detach copies what Keep stored, for when it is a small part of something large.
func (w *Writer) Detach() {
	for i, raw := range w.records {
		w.records[i] = w.chunks.copy(raw)
	}
}

// move writes what is in memory to a file, then raw.
func (w *Writer) move(raw []byte) error {
	f, err := create(w.dir)
	if err != nil {
		return err
	}
	w.file = f
	for _, r := range w.records {
		if err := f.append(r); err != nil {
			return err
		}
	}
	w.records, w.chunks = nil, arena{}
	return f.append(raw)
}

// List returns the records. Closing it gives back the file. The Writer is used up.
func (w *Writer) List() (record.List, error) {
	if w.file == nil {
		return record.Memory(w.records), nil
	}
	if err := w.file.flush(); err != nil {
		return nil, err
	}
	f := w.file
	w.file = nil
	return f, nil
}

// Discard gives back the file of a page that nobody wants. It may follow List, and then does nothing.
func (w *Writer) Discard() {
	if w.file != nil {
		_ = w.file.Close() // a failed close of a file without a name loses nothing
		w.file = nil
	}
}
