package moment

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	want := time.Unix(1704067200, 0)
	for _, text := range []string{
		"1704067200", "1704067200.0", "1704067200000", "1704067200000000", "1704067200000000000", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z",
		"2024-01-01T02:00:00+02:00", "2024-01-01T02:00:00.0+0200", "2024-01-01 00:00:00", "2024-01-01T00:00:00", "2024-01-01",
	} {
		if got, ok := parse(text); !ok || !got.Equal(want) {
			t.Errorf("%s is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "x", "12", "123456", "2024-13-01", "20240101T000000Z", "1e9", "-1704067200"} {
		if got, ok := parse(text); ok && got.Equal(want) {
			t.Errorf("%s is %v", text, got)
		}
	}
}
