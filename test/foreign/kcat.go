package foreign

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
)

// needKcat installs Debian's kcat when it is missing and this is root, as in a container; else the test is left out.
func needKcat(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("kcat"); err == nil {
		return
	}
	_, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		kafka.LeftOut(t, "kcat is missing, which reads the outcome (Debian: apt-get install kcat)")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "apt-get", "install", "-y", "--no-install-recommends", "kcat").CombinedOutput(); err != nil {
		kafka.LeftOut(t, fmt.Sprintf("kcat is missing and apt-get cannot install it: %v: %s", err, bytes.TrimSpace(out)))
	}
}

// counts reads a topic's committed records with kcat and returns how often each sequence number is there. A record that
// is not what the service gives under that number is an error.
func counts(ctx context.Context, bootstrap, topic string) (map[int]int, error) {
	return countAs(ctx, bootstrap, topic, func(p post) (int, bool) { return p.Seq, p == newPost(p.Seq) })
}

// countAs is counts for records of any shape; seq says which number one has, and whether it is what the service gives.
func countAs[T any](ctx context.Context, bootstrap, topic string, seq func(T) (int, bool)) (map[int]int, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kcat", "-C", "-q", "-e", "-o", "beginning", "-b", bootstrap, "-t", topic,
		"-X", "isolation.level=read_committed", "-f", "%s\n")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("kcat: %w: %s", err, complaints.Bytes())
	}
	seen := map[int]int{}
	// The service answers with indented JSON, and records are taken as they came: values, not lines.
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var record T
		if err := d.Decode(&record); err != nil {
			return nil, fmt.Errorf("record of %s: %w", topic, err)
		}
		n, known := seq(record)
		if !known {
			return nil, fmt.Errorf("%s holds %+v, which the service never had", topic, record)
		}
		seen[n]++
	}
	return seen, nil
}

// once complains unless records 1 to n are there, each one time.
func once(seen map[int]int, n int) error {
	missing, double := 0, 0
	for seq := 1; seq <= n; seq++ {
		switch c := seen[seq]; {
		case c == 0:
			missing++
		case c > 1:
			double++
		}
	}
	if missing > 0 || double > 0 || len(seen) != n {
		return fmt.Errorf("of %d records %d are missing and %d there more than once; %d different ones in all", n, missing, double, len(seen))
	}
	return nil
}
