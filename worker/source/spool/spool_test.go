package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/headwater/headwater/internal/record"
)

// TestSameInMemoryAndFile: whatever was written comes back, in order, as often as asked, and stays valid when kept.
func TestSameInMemoryAndFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := rapid.OneOf(
			rapid.SliceOfN(rapid.Byte(), 0, 40),
			rapid.Custom(func(t *rapid.T) []byte { return bytes.Repeat([]byte("x"), rapid.IntRange(0, 600_000).Draw(t, "n")) }),
		)
		want := rapid.SliceOfN(record, 0, 60).Draw(t, "records")
		w := New(int64(rapid.SampledFrom([]int{1, 100, 100_000, 1 << 30}).Draw(t, "memory")), "")
		defer w.Discard()
		kept := rapid.Bool().Draw(t, "kept")
		for _, raw := range want {
			scratch := bytes.Clone(raw)
			store := map[bool]func([]byte) error{false: w.Append, true: w.Keep}[kept]
			if err := store(scratch); err != nil {
				t.Fatal(err)
			}
			if !kept {
				clear(scratch)
			}
		}
		if kept && rapid.Bool().Draw(t, "detached") {
			w.Detach()
		}
		list, err := w.List()
		if err != nil {
			t.Fatal(err)
		}
		defer list.Close()
		for range 2 {
			check(t, list, want)
		}
	})
}

// check compares list with want after the walk, so that a record overwritten during it shows.
func check(t *rapid.T, list record.List, want [][]byte) {
	var got [][]byte
	err := list.Each(func(i int, raw []byte) error {
		if i != len(got) {
			t.Fatalf("index %d after %d records", i, len(got))
		}
		got = append(got, raw)
		return nil
	})
	if err != nil || len(got) != len(want) || list.Len() != len(want) {
		t.Fatalf("%d of %d records, Len %d: %v", len(got), len(want), list.Len(), err)
	}
	var total int64
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("record %d differs", i)
		}
		total += int64(len(want[i]))
	}
	if list.Bytes() != total {
		t.Fatalf("Bytes %d, want %d", list.Bytes(), total)
	}
}

func TestEachStopsAtError(t *testing.T) {
	boom := errors.New("boom")
	for _, memory := range []int64{1, 1 << 20} {
		w := New(memory, "")
		for range 10 {
			if err := w.Append([]byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
		list, err := w.List()
		if err != nil {
			t.Fatal(err)
		}
		defer list.Close()
		n := 0
		err = list.Each(func(int, []byte) error {
			if n++; n == 3 {
				return boom
			}
			return nil
		})
		if err != boom || n != 3 {
			t.Errorf("memory %d: %v after %d", memory, err, n)
		}
	}
}

// TestFileLeavesNoName: nothing is left in the folder while the page lives, and the descriptor goes with Close.
func TestFileLeavesNoName(t *testing.T) {
	dir := t.TempDir()
	before := descriptors(t)
	w := New(1, dir)
	for range 3 {
		if err := w.Append([]byte("record")); err != nil {
			t.Fatal(err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("%v is still there", entries)
	}
	list, err := w.List()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := list.(*file).f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := list.Close(); err != nil {
		t.Fatal(err)
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// descriptors counts this process's open files.
func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("needs /proc")
	}
	return len(entries)
}

func TestNoFolder(t *testing.T) {
	w := New(1, "/does/not/exist")
	err := w.Append([]byte("record"))
	if err == nil || !strings.Contains(err.Error(), "spool page") {
		t.Errorf("got %v", err)
	}
	w.Discard()
}

// TestManySmallRecords: millions of records cost no memory each, neither when written nor when read.
func TestManySmallRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("millions of records")
	}
	const n = 5_000_000 // 120 MB as slices
	w := New(DefaultMemory, t.TempDir())
	defer w.Discard()
	for range n {
		if err := w.Append([]byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.List()
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	seen := 0
	if err := list.Each(func(int, []byte) error { seen++; return nil }); err != nil || seen != n {
		t.Fatal(seen, err)
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if stats.HeapAlloc > 16<<20 {
		t.Errorf("%d MiB live", stats.HeapAlloc>>20)
	}
}

func BenchmarkAppend(b *testing.B) {
	raw := bytes.Repeat([]byte("x"), 1000)
	for _, n := range []int{100, 1000, 20000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(n * len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				w := New(0, "")
				for range n {
					if err := w.Append(raw); err != nil {
						b.Fatal(err)
					}
				}
				w.Discard()
			}
		})
	}
}
