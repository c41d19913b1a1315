package pages

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"testing"
)

// TestPages: every record once, valid, of the promised size and number of fields, over pages that do not divide the total.
func TestPages(t *testing.T) {
	const total = 250
	p, seen := New(total), 0
	for start := 0; ; {
		var page struct{ Data []json.RawMessage }
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", fmt.Sprintf("/items?start=%d&limit=100", start), nil))
		body, _ := io.ReadAll(w.Result().Body)
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatal(err)
		}
		if len(page.Data) == 0 {
			break
		}
		for _, raw := range page.Data {
			checkRecord(t, raw, seen)
			seen++
		}
		start += len(page.Data)
	}
	if seen != total {
		t.Errorf("%d records, want %d", seen, total)
	}
}

func checkRecord(t *testing.T, raw json.RawMessage, want int) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	if len(raw) != size-1 || len(fields) != 20 || fields["id"] != float64(100000000+want) {
		t.Fatalf("record %d: %d bytes, %d fields, id %v", want, len(raw), len(fields), fields["id"])
	}
}
