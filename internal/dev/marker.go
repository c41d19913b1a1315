package dev

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// marker returns the control batch that ends a transaction, as Kafka's format has it.
func marker(t transaction, commit bool, offset int64, leaderEpoch int32) []byte {
	key := kmsg.ControlRecordKey{Type: kmsg.ControlRecordKeyTypeAbort}
	if commit {
		key.Type = kmsg.ControlRecordKeyTypeCommit
	}
	record := kmsg.Record{Key: key.AppendTo(nil), Value: (&kmsg.EndTxnMarker{}).AppendTo(nil)}
	record.Length = int32(len(record.AppendTo(nil)) - 1) // the length itself takes one byte
	now := time.Now().UnixMilli()
	batch := (&kmsg.RecordBatch{
		FirstOffset: offset, PartitionLeaderEpoch: leaderEpoch, Magic: 2, Attributes: control | transactional,
		FirstTimestamp: now, MaxTimestamp: now, ProducerID: t.producer, ProducerEpoch: t.epoch,
		FirstSequence: -1, NumRecords: 1, Records: record.AppendTo(nil),
	}).AppendTo(nil)
	binary.BigEndian.PutUint32(batch[8:], uint32(len(batch)-12))
	binary.BigEndian.PutUint32(batch[17:], crc32.Checksum(batch[21:], castagnoli))
	return batch
}

// indexEntry returns kfake's index entry of a batch. kfake works the time stamp out anew when it loads.
func indexEntry(header []byte) []byte {
	const version = 1
	e := make([]byte, entrySize)
	e[0] = version
	binary.LittleEndian.PutUint32(e[2:], binary.BigEndian.Uint32(header[12:]))
	attributes := binary.BigEndian.Uint16(header[21:])
	if attributes&transactional != 0 && attributes&control == 0 {
		e[14] = 1
	}
	e[1] = byte(crc32.Checksum(e[2:], castagnoli))
	return e
}

// note tells kfake's log of producers how the transactions ended, and moves their epochs on as the broker would have: a
// client of the old broker that still lives is fenced instead of going on with half a transaction.
func (l layout) note(ended map[transaction]bool) error {
	for t, commit := range ended {
		for _, e := range []producerEntry{
			{Type: "endtx", PID: t.producer, Epoch: t.epoch, Commit: &commit},
			{Type: "timeout", PID: t.producer, Epoch: t.epoch + 1},
		} {
			if err := appendFile(filepath.Join(l.data(), "pids.log"), e.frame()); err != nil {
				return err
			}
		}
	}
	return nil
}

// producerEntry is an entry of kfake's pids.log.
type producerEntry struct {
	Type   string `json:"type"`
	PID    int64  `json:"pid"`
	Epoch  int16  `json:"epoch"`
	Commit *bool  `json:"commit,omitempty"`
}

// frame puts length, checksum and version before the entry.
func (e producerEntry) frame() []byte {
	body, err := json.Marshal(e)
	if err != nil {
		panic(err) // numbers and strings only
	}
	raw := binary.LittleEndian.AppendUint32(nil, uint32(2+len(body)))
	rest := append(binary.LittleEndian.AppendUint16(nil, 1), body...)
	raw = binary.LittleEndian.AppendUint32(raw, crc32.Checksum(rest, castagnoli))
	return append(raw, rest...)
}
