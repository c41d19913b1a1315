package connect

import (
	"context"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// parts are what the client's program says when it has done and checked them.
var parts = []string{
	"root", "plugins and validate", "create", "list with expand", "tasks", "topics", "config update", "pause, resume, stop", "restart", "delete",
}

// TestClientOfKafkaConnect: a Java library for Kafka Connect's REST API drives our worker.
func TestClientOfKafkaConnect(t *testing.T) {
	h := newHouse(t)
	h.topics(h.group)
	h.items.Store(10)
	libs := libraries(t, "connect-client", clientPOM)
	ours := h.start()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := []string{"-cp", filepath.Join(libs, "*"), filepath.Join("client", "Client.java"), ours.url}
	config := h.config(h.group)
	for _, k := range slices.Sorted(maps.Keys(config)) {
		args = append(args, k+"="+config[k])
	}
	out, err := exec.CommandContext(ctx, "java", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var done []string
	for line := range strings.Lines(string(out)) {
		if part, ok := strings.CutPrefix(strings.TrimSpace(line), "done "); ok {
			done = append(done, part)
		}
	}
	if !slices.Equal(done, parts) {
		t.Errorf("the client has done %q, want %q; it said %s", done, parts, out)
	}
	h.arrives(h.group, 0, 10)
}
