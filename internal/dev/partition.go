package dev

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A partition on kfake's disk is a row of segments: <base offset>.dat holds Kafka's record batches one behind the other,
// <base offset>.idx an entry of entrySize bytes for each. The version of kfake is pinned in go.mod, and the tests of this
// package kill a broker and read what it left.
const (
	headerSize = 61 // of a record batch, before its records
	entrySize  = 15 // of an index entry: version, checksum, leader epoch, time stamp, flags

	transactional = 0x10 // batch attribute
	control       = 0x20 // batch attribute: a marker that ends a transaction
)

// partition is what a killed broker left of one partition.
type partition struct {
	last string          // path of the newest segment, without .dat
	next int64           // the offset the next batch gets
	lead int32           // leader epoch of the newest batch
	open map[int64]int16 // producers with an open transaction, and their epoch
}

// readPartition returns nil when the partition holds nothing.
func readPartition(dir string) (*partition, error) {
	bases, err := segments(dir)
	if err != nil || len(bases) == 0 {
		return nil, err
	}
	p := &partition{open: map[int64]int16{}}
	for _, base := range bases {
		p.last = filepath.Join(dir, strconv.FormatInt(base, 10))
		p.next = max(p.next, base)
		if err := p.readSegment(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func segments(dir string) ([]int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var bases []int64
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".dat")
		if base, err := strconv.ParseInt(name, 10, 64); ok && err == nil {
			bases = append(bases, base)
		}
	}
	slices.Sort(bases)
	return bases, nil
}

// readSegment walks the batch headers of p.last, cuts off a batch that was not written to its end, and adds the index
// entries that a kill between the two writes left out (without one, kfake takes the batch for a plain one, not part of a
// transaction).
func (p *partition) readSegment() error {
	data, err := os.OpenFile(p.last+".dat", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer data.Close()
	index, err := os.OpenFile(p.last+".idx", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer index.Close()
	at, batches, err := p.walk(data, index)
	if err != nil {
		return err
	}
	return errors.Join(data.Truncate(at), index.Truncate(batches*entrySize))
}

func (p *partition) walk(data, index *os.File) (at, batches int64, err error) {
	info, err := data.Stat()
	if err != nil {
		return 0, 0, err
	}
	indexed, err := index.Stat()
	if err != nil {
		return 0, 0, err
	}
	var h [headerSize]byte
	for ; ; batches++ {
		if _, err := data.ReadAt(h[:], at); errors.Is(err, io.EOF) {
			return at, batches, nil
		} else if err != nil {
			return 0, 0, err
		}
		size := 12 + int64(binary.BigEndian.Uint32(h[8:]))
		if size < headerSize || at+size > info.Size() {
			return at, batches, nil
		}
		p.see(h[:])
		if (batches+1)*entrySize > indexed.Size() {
			if _, err := index.WriteAt(indexEntry(h[:]), batches*entrySize); err != nil {
				return 0, 0, err
			}
		}
		at += size
	}
}

// see takes in one batch header.
func (p *partition) see(h []byte) {
	p.next = int64(binary.BigEndian.Uint64(h)) + int64(int32(binary.BigEndian.Uint32(h[23:]))) + 1
	p.lead = int32(binary.BigEndian.Uint32(h[12:]))
	attributes := binary.BigEndian.Uint16(h[21:])
	producer := int64(binary.BigEndian.Uint64(h[43:]))
	switch {
	case attributes&control != 0:
		delete(p.open, producer)
	case attributes&transactional != 0:
		p.open[producer] = int16(binary.BigEndian.Uint16(h[51:]))
	}
}

// mark ends a transaction in this partition.
func (p *partition) mark(t transaction, commit bool) error {
	batch := marker(t, commit, p.next, p.lead)
	if err := appendFile(p.last+".dat", batch); err != nil {
		return err
	}
	p.next++
	return appendFile(p.last+".idx", indexEntry(batch))
}

func appendFile(path string, raw []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, fs.FileMode(0o644))
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Close())
}
