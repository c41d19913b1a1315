// Package examples_test checks that the connector files of this folder are what the worker takes, with nothing to complain
// of.
package examples_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/document"
	"github.com/headwater/headwater/internal/connector/reference"
)

// files lists the connector files.
func files(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("*.json")
	if err != nil || len(list) < 9 {
		t.Fatalf("%d connector files, %v", len(list), err)
	}
	return list
}

// parse reads a connector file as the worker does, with something for every environment variable.
func parse(t *testing.T, file string) connector.Config {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := document.Parse(file, text)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := reference.Resolve(d.Properties, []string{"env"}, func(string, string, string) (string, error) {
		return "something", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	config, warnings, err := connector.ParseResolved(d.Properties, resolved)
	if err != nil {
		t.Error(err)
	}
	for _, w := range append(d.Warnings, warnings...) {
		t.Errorf("warning: %+v", w)
	}
	return config
}

func TestConnectorFilesAreFreeOfFaultsAndWarnings(t *testing.T) {
	for _, file := range files(t) {
		t.Run(file, func(t *testing.T) {
			config := parse(t, file)
			if want := strings.TrimSuffix(file, ".json"); config.Name != want {
				t.Errorf("name is %q, want %q as the file", config.Name, want)
			}
		})
	}
}

func TestConnectorFilesAreExplained(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files(t) {
		if !strings.Contains(string(readme), "\n## "+file+"\n") {
			t.Errorf("README.md has no section %q", file)
		}
	}
}

// Every offset mode has an example, so that nobody has to guess how one is written.
func TestEveryModeHasAnExample(t *testing.T) {
	type kind struct {
		mode     connector.Mode
		ordering connector.Ordering
		windows  bool
	}
	missing := map[kind]string{
		{mode: connector.SimpleIncrementing}: "SIMPLE_INCREMENTING",
		{mode: connector.Chaining}:           "CHAINING",
		{mode: connector.Chaining, ordering: connector.OrderingGlobal, windows: true}:   "CHAINING, Global",
		{mode: connector.Chaining, ordering: connector.OrderingRelative, windows: true}: "CHAINING, Relative",
		{mode: connector.CursorPagination}:                                              "CURSOR_PAGINATION",
		{mode: connector.CursorPagination, windows: true}:                               "CURSOR_PAGINATION with windows",
		{mode: connector.SnapshotPagination}:                                            "SNAPSHOT_PAGINATION",
	}
	for _, file := range files(t) {
		for _, a := range parse(t, file).APIs {
			delete(missing, kind{a.Mode, a.Ordering, a.Window != nil})
		}
	}
	for _, name := range missing {
		t.Errorf("no example of %s", name)
	}
}
