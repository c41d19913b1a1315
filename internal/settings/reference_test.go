package settings_test

import (
	"flag"
	"os"
	"testing"

	"github.com/headwater/headwater/internal/settings"
)

var update = flag.Bool("update", false, "write docs/reference/worker-properties.md anew")

// The page is made of the table: go test ./internal/settings -run TestReferencePage -update
func TestReferencePage(t *testing.T) {
	const page = "../../docs/reference/worker-properties.md"
	want := settings.ReferencePage()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/reference/worker-properties.md is not what the table says; run go test ./internal/settings -run TestReferencePage -update")
	}
}
