package connector_test

import (
	"flag"
	"os"
	"testing"

	"github.com/headwater/headwater/internal/connector"
)

var update = flag.Bool("update", false, "write docs/reference/properties.md anew")

// The page is made of the tables: go test ./internal/connector -run TestReferencePage -update
func TestReferencePage(t *testing.T) {
	const page = "../../docs/reference/properties.md"
	want := connector.ReferencePage()
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
		t.Error("docs/reference/properties.md is not what the tables say; run go test ./internal/connector -run TestReferencePage -update")
	}
}
