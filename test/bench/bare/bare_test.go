package bare

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	var got []string
	err := split([]byte(`{"data":[ {"a":1.10,"a":2}, [], "x" ]}`), func(r []byte) { got = append(got, string(r)) })
	if want := []string{`{"a":1.10,"a":2}`, `[]`, `"x"`}; err != nil || !slices.Equal(got, want) {
		t.Errorf("split = %q, %v, want %q", got, err, want)
	}
	for _, bad := range []string{``, `[]`, `{"data":1}`, `{"data":[1,}`} {
		if err := split([]byte(bad), func([]byte) {}); err == nil {
			t.Errorf("split(%q) gave no error", bad)
		}
	}
}
