package rolling

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headwater/headwater/test/kafka"
)

// wire is a network namespace with one cable to this machine, which has two addresses on it: one for Kafka, which can be
// cut off, and one for the APIs, which stays.
type wire struct {
	space             string
	kafka, apis, here string // addresses: Kafka's, the APIs', and the one inside
	device            string // inside
}

// listenerPort is Kafka's port on the cable; nobody else listens on that address.
const listenerPort = 19092

// newWire lays the cable. Where this machine may not, the test is left out.
func newWire(t *testing.T) *wire {
	t.Helper()
	id := rand.IntN(1 << 16)
	net := fmt.Sprintf("10.231.%d.", id%254+1)
	w := &wire{
		space: fmt.Sprintf("headwater-%04x", id), device: fmt.Sprintf("hw%04xb", id),
		kafka: net + "1", apis: net + "2", here: net + "9",
	}
	outside := fmt.Sprintf("hw%04xa", id)
	if err := ip("netns", "add", w.space); err != nil {
		kafka.LeftOut(t, fmt.Sprintf("network namespaces are not to be had (root is needed): %v", err))
	}
	t.Cleanup(func() { _ = ip("netns", "del", w.space) })
	for _, args := range [][]string{
		{"link", "add", outside, "type", "veth", "peer", "name", w.device, "netns", w.space},
		{"addr", "add", w.kafka + "/24", "dev", outside},
		{"addr", "add", w.apis + "/24", "dev", outside},
		{"link", "set", outside, "up"},
		{"-n", w.space, "addr", "add", w.here + "/24", "dev", w.device},
		{"-n", w.space, "link", "set", w.device, "up"},
		{"-n", w.space, "link", "set", "lo", "up"},
	} {
		if err := ip(args...); err != nil {
			kafka.LeftOut(t, err.Error())
		}
	}
	t.Cleanup(func() { _ = ip("link", "del", outside) })
	return w
}

func ip(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// cut parts the inside from Kafka without a word: frames go to an address that no card has, nothing is refused.
func (w *wire) cut() error {
	return ip("-n", w.space, "neigh", "replace", w.kafka, "lladdr", "02:00:de:ad:00:01", "dev", w.device, "nud", "permanent")
}

// heal undoes cut.
func (w *wire) heal() error { return ip("-n", w.space, "neigh", "del", w.kafka, "dev", w.device) }

// inside returns a program that runs another inside the namespace.
func (w *wire) inside(t *testing.T, binary string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "inside")
	script := fmt.Sprintf("#!/bin/sh\nexec ip netns exec %s %s \"$@\"\n", w.space, binary)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// listen gives a broker a second listener, on the cable, and starts it again. Who asks there is told that address.
func (w *wire) listen(ctx context.Context, t *testing.T, c *kafka.Cluster) string {
	t.Helper()
	address := fmt.Sprintf("%s:%d", w.kafka, listenerPort)
	file := filepath.Join(filepath.Dir(c.Log()), "server.properties")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		switch key, _, _ := strings.Cut(line, "="); key {
		case "listeners", "advertised.listeners":
			line += ",CABLE://" + address
		case "listener.security.protocol.map":
			line += ",CABLE:PLAINTEXT"
		}
		fmt.Fprintln(&out, line)
	}
	if err := c.Shutdown(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	return address
}
