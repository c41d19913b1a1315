package program_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/headwater/headwater/test/kafka/program"
)

// TestCached fills a folder once, again for another key, and forgets a try that failed.
func TestCached(t *testing.T) {
	root, filled := t.TempDir(), 0
	fill := func(draft string) error {
		filled++
		return os.WriteFile(filepath.Join(draft, "file"), nil, 0o600)
	}
	if _, err := program.Cached(root, "x", []byte("1"), func(string) error { return errors.New("no network") }); err == nil {
		t.Error("a failed fill gave no error")
	}
	var dirs []string
	for _, key := range []string{"1", "1", "2"} {
		dir, err := program.Cached(root, "x", []byte(key), fill)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "file")); err != nil {
			t.Error(err)
		}
		dirs = append(dirs, dir)
	}
	if filled != 2 || dirs[0] != dirs[1] || dirs[1] == dirs[2] {
		t.Errorf("filled %d times, folders %v", filled, dirs)
	}
}
