package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestGeneratedCodeIsFresh fails when a .proto file was changed and go run ./proto/gen was not run.
func TestGeneratedCodeIsFresh(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("nothing was generated")
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("proto/%s is stale: run go run ./proto/gen", name)
		}
	}
}
