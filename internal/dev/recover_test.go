package dev

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestHalfCommit: killed between the markers of two partitions, a commit is finished; killed without a wish to commit,
// the transaction is aborted. The batch lies there as kfake writes it.
func TestHalfCommit(t *testing.T) {
	for _, wish := range []bool{true, false} {
		l := layout(t.TempDir())
		done, half := writeOpen(t, l, "t-0"), writeOpen(t, l, "t-1")
		if err := done.mark(transaction{7, 3}, true); err != nil {
			t.Fatal(err)
		}
		i, err := openIntent(l.intent())
		if err != nil {
			t.Fatal(err)
		}
		if err := i.write(&kmsg.EndTxnRequest{ProducerID: 7, ProducerEpoch: 3, Commit: wish}); err != nil {
			t.Fatal(err)
		}
		if err := l.recover(); err != nil {
			t.Fatal(err)
		}
		if got := lastMarker(t, half.last); got != wish {
			t.Errorf("wish to commit %v: the other half was committed: %v", wish, got)
		}
		if p, err := readPartition(filepath.Dir(half.last)); err != nil || len(p.open) > 0 || p.next != 2 {
			t.Errorf("after recovery: %+v, %v", p, err)
		}
	}
}

// TestTornWrites: a batch that is cut off is dropped, one without its index entry gets it back.
func TestTornWrites(t *testing.T) {
	l := layout(t.TempDir())
	p := writeOpen(t, l, "t-0")
	batch := openBatch(1)
	if err := appendFile(p.last+".dat", batch[:len(batch)-5]); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(p.last+".idx", 0); err != nil {
		t.Fatal(err)
	}
	if err := l.recover(); err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(p.last + ".idx")
	if err != nil || len(index) != 2*entrySize {
		t.Fatalf("index holds %d bytes, want two entries: %v", len(index), err)
	}
	if index[14] != 1 || index[entrySize+14] != 0 {
		t.Errorf("the batch must be marked as in a transaction, its marker not: %v", index)
	}
}

// TestCompactionInterrupted: a broker killed while it compacts finds its partitions as they were.
func TestCompactionInterrupted(t *testing.T) {
	l := layout(t.TempDir())
	p := writeOpen(t, l, "t-0")
	want, err := os.ReadFile(p.last + ".dat")
	if err != nil {
		t.Fatal(err)
	}
	killed := func() {
		if err := os.Remove(p.last + ".dat"); err != nil {
			t.Fatal(err)
		}
		panic("killed")
	}
	func() {
		defer func() { _ = recover() }()
		_ = l.compact(killed)
	}()
	if err := l.restore(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(p.last + ".dat"); err != nil || string(got) != string(want) {
		t.Errorf("after the kill: %d bytes, want %d: %v", len(got), len(want), err)
	}
}

func TestMarkerIsKafkas(t *testing.T) {
	var b kmsg.RecordBatch
	if err := b.ReadFrom(marker(transaction{7, 3}, true, 11, 2)); err != nil {
		t.Fatal(err)
	}
	var r kmsg.Record
	if err := r.ReadFrom(b.Records); err != nil || b.FirstOffset != 11 || b.PartitionLeaderEpoch != 2 {
		t.Errorf("batch %+v, %v", b, err)
	}
}

func TestWarningsReachNobodyByDefault(*testing.T) {
	warnings{}.Logf(kfake.LogLevelError, "no logger, no panic")
}

// writeOpen writes one batch of an open transaction.
func writeOpen(t *testing.T, l layout, name string) *partition {
	t.Helper()
	dir := filepath.Join(l.partitions(), name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	batch := openBatch(0)
	for ext, raw := range map[string][]byte{".dat": batch, ".idx": indexEntry(batch)} {
		if err := appendFile(filepath.Join(dir, "0"+ext), raw); err != nil {
			t.Fatal(err)
		}
	}
	p, err := readPartition(dir)
	if err != nil || len(p.open) != 1 || p.next != 1 {
		t.Fatalf("partition %+v, %v", p, err)
	}
	return p
}

// openBatch is a batch of one record in a transaction: a marker without the mark of one.
func openBatch(offset int64) []byte {
	batch := marker(transaction{7, 3}, true, offset, 0)
	batch[22] = transactional
	return batch
}

// lastMarker tells whether the last batch of a segment is a commit marker.
func lastMarker(t *testing.T, segment string) bool {
	t.Helper()
	raw, err := os.ReadFile(segment + ".dat")
	if err != nil {
		t.Fatal(err)
	}
	var b kmsg.RecordBatch
	var r kmsg.Record
	var key kmsg.ControlRecordKey
	size := len(marker(transaction{}, true, 0, 0))
	if err := b.ReadFrom(raw[len(raw)-size:]); err != nil || b.Attributes&control == 0 {
		t.Fatalf("no marker at the end: %+v, %v", b, err)
	}
	if err := r.ReadFrom(b.Records); err != nil {
		t.Fatal(err)
	}
	if err := key.ReadFrom(r.Key); err != nil {
		t.Fatal(err)
	}
	return key.Type == kmsg.ControlRecordKeyTypeCommit
}
