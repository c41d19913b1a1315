package spool

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// buffer is the length of the pieces in which the file is written and read.
const buffer = 256 << 10

// file is a record.List in a file that has no name: its space is free again when it is closed or the process ends,
// whatever way it ends. Each record stands behind its length as a varint; there is no index, so that many small
// records cost no memory.
type file struct {
	f     *os.File
	w     *bufio.Writer // nil once flushed
	n     int
	bytes int64
	size  int64                       // of the file
	head  [binary.MaxVarintLen64]byte // scratch for a length
}

// create opens a file readable by this user alone (0600) and takes its name away.
func create(dir string) (*file, error) {
	f, err := os.CreateTemp(dir, "headwater-page-*")
	if err != nil {
		return nil, &Error{fmt.Errorf("spool page to a temporary file: %w", err)}
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, &Error{fmt.Errorf("spool page to a temporary file: %w", err)}
	}
	return &file{f: f, w: bufio.NewWriterSize(f, buffer)}, nil
}

// append writes one record.
func (s *file) append(raw []byte) error {
	k := binary.PutUvarint(s.head[:], uint64(len(raw)))
	if _, err := s.w.Write(s.head[:k]); err != nil {
		return s.failed(err)
	}
	if _, err := s.w.Write(raw); err != nil {
		return s.failed(err)
	}
	s.n++
	s.bytes += int64(len(raw))
	s.size += int64(k + len(raw))
	return nil
}

// flush ends the writing.
func (s *file) flush() error {
	if err := s.w.Flush(); err != nil {
		return s.failed(err)
	}
	s.w = nil
	return nil
}

func (s *file) failed(err error) error {
	return &Error{fmt.Errorf("spool page of %d records, %d bytes, in %s: %w", s.n, s.size, filepath.Dir(s.f.Name()), err)}
}

// Len implements record.List.
func (s *file) Len() int { return s.n }

// Bytes implements record.List.
func (s *file) Bytes() int64 { return s.bytes }

// Close implements record.List.
func (s *file) Close() error { return s.f.Close() }

// Each implements record.List. It reads the file in pieces, each into fresh memory, since records handed out may be
// kept.
func (s *file) Each(visit func(i int, raw []byte) error) error {
	r := pieces{r: io.NewSectionReader(s.f, 0, s.size)}
	for i := range s.n {
		raw, err := r.next()
		if err != nil {
			return fmt.Errorf("read record %d of %d back from the spool file: %w", i, s.n, err)
		}
		if err := visit(i, raw); err != nil {
			return err
		}
	}
	return nil
}

// pieces cuts a spool file into records.
type pieces struct {
	r    io.Reader
	rest []byte // read and not handed out
}

// next returns the next record.
func (p *pieces) next() ([]byte, error) {
	n, k := binary.Uvarint(p.rest)
	for k == 0 {
		if err := p.fill(binary.MaxVarintLen64); err != nil {
			return nil, err
		}
		n, k = binary.Uvarint(p.rest)
	}
	if need := k + int(n); need > len(p.rest) {
		if err := p.fill(need); err != nil {
			return nil, err
		}
	}
	raw := p.rest[k : k+int(n) : k+int(n)]
	p.rest = p.rest[k+int(n):]
	return raw, nil
}

// fill carries the rest over to a new piece and reads on until it holds at least need bytes or the file ends.
func (p *pieces) fill(need int) error {
	piece := make([]byte, max(buffer, need))
	have := copy(piece, p.rest)
	n, err := io.ReadAtLeast(p.r, piece[have:], max(need-have, 1))
	p.rest = piece[:have+n]
	if n > 0 && err == io.ErrUnexpectedEOF {
		return nil // a varint near the end of the file
	}
	return err
}
