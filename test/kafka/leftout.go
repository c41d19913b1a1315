package kafka

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Environment variables that tell the tests where they run.
const (
	// RequiredVariable set to "required" makes a machine without Kafka a failure: set it in CI.
	RequiredVariable = "HEADWATER_KAFKA"
	// LeftOutVariable names a file to which a line is appended for every test that was left out: test binary, test name
	// and reason, with tabs between.
	LeftOutVariable = "HEADWATER_LEFT_OUT"
)

// Required tells whether everything that a test needs has to be there.
func Required() bool { return os.Getenv(RequiredVariable) == "required" }

// LeftOut ends a test that cannot run here: skipped with the reason, which also goes to the file that the test summary
// reads, so that left out never reads as passed. Where everything is required it fails the test instead.
func LeftOut(t testing.TB, reason string) {
	t.Helper()
	if Required() {
		t.Fatalf("%s=required, but: %s", RequiredVariable, reason)
	}
	leaveOut(t, reason)
}

// leaveOut writes the line and skips the test.
func leaveOut(t testing.TB, reason string) {
	t.Helper()
	if path := os.Getenv(LeftOutVariable); path != "" {
		line := fmt.Sprintf("%s\t%s\t%s\n", filepath.Base(os.Args[0]), t.Name(), firstLine(reason))
		if err := appendLine(path, line); err != nil {
			t.Fatalf("%s: %v", LeftOutVariable, err)
		}
	}
	t.Skip("left out: " + reason)
}

// leaveOutOrFail: what this machine lacks leaves a test out, anything else is a failure.
func leaveOutOrFail(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrUnavailable) {
		LeftOut(t, err.Error())
	}
	t.Fatal(err)
}

func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}

func firstLine(s string) string {
	for i, r := range s {
		if r == '\n' || r == '\t' {
			return s[:i]
		}
	}
	return s
}
