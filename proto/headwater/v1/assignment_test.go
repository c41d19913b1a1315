package headwaterv1

import (
	"encoding/hex"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// TestWireForm holds the bytes down: rows written by one version are read by the next.
func TestWireForm(t *testing.T) {
	row := &Assignment{Worker: "w1", Epoch: 7, Reason: "new task", CrashCount: 2, AssignedUnixMs: 1700000000000}
	got, err := proto.MarshalOptions{Deterministic: true}.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	const want = "0a0277311007" + "1a086e6577207461736b" + "2002" + "2880d095ffbc31"
	if hex.EncodeToString(got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
}

func TestUnknownFieldsAreKept(t *testing.T) {
	newer := protowire.AppendTag([]byte{0x10, 0x07}, 99, protowire.BytesType)
	newer = protowire.AppendString(newer, "of a later version")
	var row Assignment
	if err := proto.Unmarshal(newer, &row); err != nil {
		t.Fatal(err)
	}
	if row.GetEpoch() != 7 {
		t.Errorf("epoch %d, want 7", row.GetEpoch())
	}
	back, err := proto.Marshal(&row)
	if err != nil {
		t.Fatal(err)
	}
	if string(back) != string(newer) {
		t.Errorf("rewritten as %x, want %x", back, newer)
	}
}
