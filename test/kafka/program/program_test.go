package program_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka/program"
)

// TestUsage: this process has used some memory and no negative time.
func TestUsage(t *testing.T) {
	cpu, err := program.CPU(os.Getpid())
	if err != nil || cpu < 0 || cpu > time.Hour {
		t.Errorf("CPU = %v, %v", cpu, err)
	}
	memory, err := program.PeakMemory(os.Getpid())
	if err != nil || memory < 1<<20 || memory > 1<<34 {
		t.Errorf("PeakMemory = %d, %v", memory, err)
	}
}

// TestTerminate ends a child in order, and one that will not go by force.
func TestTerminate(t *testing.T) {
	for script, wantErr := range map[string]bool{
		"echo ready; read x": false,
		"trap '' TERM; echo ready; while :; do read x; done": true,
	} {
		log := filepath.Join(t.TempDir(), "log")
		p, err := program.Start(exec.Command("sh", "-c", script), log)
		if err != nil {
			t.Fatal(err)
		}
		awaitOutput(t, log)
		within := 10 * time.Second
		if wantErr {
			within = 50 * time.Millisecond
		}
		if err := p.Terminate(within); (err != nil) != wantErr {
			t.Errorf("%q: %v", script, err)
		}
		if p.ExitCode() == 0 {
			t.Errorf("%q ended with 0", script)
		}
		if err := p.Kill(); err != nil {
			t.Errorf("kill after the end: %v", err)
		}
	}
}

func awaitOutput(t *testing.T, log string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if raw, err := os.ReadFile(log); err == nil && len(raw) > 0 {
			return
		}
	}
	t.Fatalf("waited 10 s for output in %s", log)
}
