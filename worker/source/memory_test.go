package source

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// roomMiB is how much resident memory a page may cost, whatever its size.
const roomMiB = 64

// peak returns the process's greatest resident memory in KiB since the last reset.
func peak(t *testing.T) (kib int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("needs /proc")
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(line, &kib); err != nil {
		t.Fatal(err)
	}
	return kib
}

// resetPeak makes peak start from what is resident now.
func resetPeak(t *testing.T) {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skip("the peak of resident memory cannot be reset:", err)
	}
}

// stream serves head, then unit again and again up to size bytes, then tail.
func stream(w io.Writer, size int, head, unit, tail string) {
	block := strings.Repeat(unit, max(1, 1<<20/len(unit)))
	left := size - len(head) - len(tail)
	_, err := io.WriteString(w, head)
	for left > 0 && err == nil {
		n := min(len(block), left/len(unit)*len(unit))
		if n == 0 {
			break
		}
		_, err = io.WriteString(w, block[:n])
		left -= n
	}
	_, _ = io.WriteString(w, tail+strings.Repeat(" ", max(left, 0)))
}

// TestMemoryIsFlat: large pages of every shape are fetched and read back within roomMiB of resident memory.
// HEADWATER_SOAK=1 takes the first of them at its full 1 GiB.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("moves hundreds of megabytes")
	}
	large := 256 << 20
	if os.Getenv("HEADWATER_SOAK") != "" {
		large = DefaultMaxPage
	}
	record := `{"id":1,"text":"` + strings.Repeat("x", 1000) + `"}` + ","
	var mixed string // differs enough from one to the next to be no bomb
	for i := range 2000 {
		mixed += fmt.Sprintf(`{"id":%d,"text":"%x"},`, i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	tests := map[string]struct {
		size             int
		head, unit, tail string
		gzip             bool
		records          int
	}{
		"Records":    {large, `{"data":[`, record, `null],"next":"n"}`, false, (large-9-17)/len(record) + 1},
		"Tiny":       {64 << 20, `{"data":[`, `{},`, `null],"next":"n"}`, false, (64<<20-9-17)/3 + 1},
		"Skipped":    {64 << 20, `{"x":[`, record, `null],"data":[1],"next":"n"}`, false, 1},
		"Whitespace": {64 << 20, `{"data":[`, "1," + strings.Repeat(" ", 1<<20), `null],"next":"n"}`, false, -1},
		"Gzip":       {96 << 20, `{"data":[`, mixed, `null],"next":"n"}`, true, -1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if !test.gzip {
					stream(w, test.size, test.head, test.unit, test.tail)
					return
				}
				w.Header().Set("Content-Encoding", "gzip")
				z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
				stream(z, test.size, test.head, test.unit, test.tail)
				_ = z.Close()
			})
			c := client(t, s.URL, func(s *setting) { s.Dir, s.api.RequestTimeout = t.TempDir(), time.Minute })
			resetPeak(t)
			before := peak(t)
			r, err := c.Fetch(t.Context(), get(t, s.URL))
			if err == nil {
				err = r.Records.Each(func(_ int, raw []byte) error {
					if !bytes.HasPrefix(raw, []byte("{")) && len(raw) > 4 {
						return fmt.Errorf("record %.20q", raw)
					}
					return nil
				})
				_ = r.Records.Close()
			}
			cost := (peak(t) - before) >> 10
			t.Logf("%d MiB of page, %d MiB of memory: %v", test.size>>20, cost, err)
			if cost > roomMiB {
				t.Errorf("cost %d MiB", cost)
			}
			if err != nil {
				t.Error(err)
			} else if test.records > 0 && (r.Records.Len() != test.records || r.Bytes != int64(test.size)) {
				t.Errorf("%d records, %d bytes", r.Records.Len(), r.Bytes)
			}
		})
	}
}
