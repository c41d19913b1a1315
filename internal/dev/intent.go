package dev

import (
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// intent remembers the commit that is being carried out. kfake writes a commit's markers partition by partition, and a
// kill between two of them would leave records without their offset or the other way round. So the wish to commit is
// written down before the first marker, and taken back at the next request: kfake handles requests one after the other,
// so by then all markers are there. Who starts after a kill finishes what the file says (layout.recover).
type intent struct {
	file *os.File
	set  bool
}

// transaction identifies one transaction of one producer. Under KIP-890 the epoch moves with every commit; before, a
// producer's transactions follow each other under one epoch, and the intent is gone when the next one begins.
type transaction struct {
	producer int64
	epoch    int16
}

// intentSize is the file's whole content: producer id, epoch, and 1 for "commit" or 0 for "nothing under way".
const intentSize = 8 + 2 + 1

func openIntent(path string) (*intent, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	return &intent{file: f}, f.Truncate(0)
}

// readIntent returns the commit that was under way, false when there was none.
func readIntent(path string) (transaction, bool, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return transaction{}, false, nil
	}
	if err != nil || len(raw) < intentSize || raw[10] == 0 {
		return transaction{}, false, err
	}
	t := transaction{int64(binary.BigEndian.Uint64(raw)), int16(binary.BigEndian.Uint16(raw[8:]))}
	return t, true, nil
}

// watch is a kfake control function: it sees every request before it is handled and handles none, unless the intent
// cannot be written: then the client's connection is cut, and nothing was committed.
func (i *intent) watch(r kmsg.Request) (kmsg.Response, error, bool) { // kfake's signature
	end, ok := r.(*kmsg.EndTxnRequest)
	if !ok && !i.set {
		return nil, nil, false
	}
	if err := i.write(end); err != nil {
		return nil, err, true
	}
	return nil, nil, false
}

func (i *intent) write(end *kmsg.EndTxnRequest) error {
	var raw [intentSize]byte
	i.set = end != nil && end.Commit
	if i.set {
		binary.BigEndian.PutUint64(raw[:], uint64(end.ProducerID))
		binary.BigEndian.PutUint16(raw[8:], uint16(end.ProducerEpoch))
		raw[10] = 1
	}
	n, err := i.file.WriteAt(raw[:], 0)
	if err == nil && n < intentSize {
		err = io.ErrShortWrite
	}
	return err
}
