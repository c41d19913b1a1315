// Package foreign runs the worker against HTTP services that no one here wrote, into real Kafka, and reads the outcome
// with kcat, which no one here wrote either. The services are two releases of json-server from npm, exact to the last
// dependency (package-lock.json): 0.17.4 pages by offset (_start and _limit) and by comparison (seq_gte), 1.0.0-beta.3
// by pages that name the next one.
package foreign

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

//go:embed json-server json-server-pages
var packages embed.FS

// installDeadline bounds `npm ci`, which takes some seconds.
const installDeadline = 5 * time.Minute

// post is one record of the service: seq is what the check counts.
type post struct {
	ID    string  `json:"id"`
	Seq   int     `json:"seq"`
	Title string  `json:"title"`
	Ratio float64 `json:"ratio"`
}

func newPost(seq int) post {
	return post{ID: fmt.Sprint(seq), Seq: seq, Title: fmt.Sprintf("Überschrift %d ☃", seq), Ratio: float64(seq) / 7}
}

// service is a running json-server.
type service struct{ url string }

// startService installs the named release, gives it a file and returns when it answers.
func startService(t *testing.T, name string, file []byte) service {
	t.Helper()
	dir, err := install(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	database := filepath.Join(t.TempDir(), "db.json")
	public := filepath.Join(filepath.Dir(database), "public") // 1.0.0-beta.3 does not start without one
	if err := errors.Join(os.WriteFile(database, file, 0o600), os.Mkdir(public, 0o755)); err != nil {
		t.Fatal(err)
	}
	address, err := program.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(address)
	server := exec.Command(filepath.Join(dir, "node_modules", ".bin", "json-server"), "--host", host, "--port", port, database)
	server.Dir = filepath.Dir(database)
	// Else 1.0.0-beta.3 reads its file anew after each of its own writes, and now and then forgets a record it has taken.
	server.Env = append(os.Environ(), "NODE_ENV=production")
	p, err := program.Start(server, filepath.Join(t.TempDir(), "service.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	s := service{"http://" + address}
	await(t, 30*time.Second, name+" to answer", func() error {
		resp, err := http.Get(s.url + "/")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
	return s
}

// install returns a folder with the release's node_modules, filled by `npm ci` once.
func install(ctx context.Context, name string) (string, error) {
	cache, err := program.CacheDir()
	if err != nil {
		return "", err
	}
	lock, err := packages.ReadFile(name + "/package-lock.json")
	if err != nil {
		return "", err
	}
	return program.Cached(cache, name, lock, func(draft string) error {
		for _, file := range []string{"package.json", "package-lock.json"} {
			raw, err := packages.ReadFile(name + "/" + file)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(draft, file), raw, 0o600); err != nil {
				return err
			}
		}
		ctx, cancel := context.WithTimeout(ctx, installDeadline)
		defer cancel()
		if out, err := exec.CommandContext(ctx, "npm", "ci", "--prefix", draft, "--no-audit", "--no-fund").CombinedOutput(); err != nil {
			return fmt.Errorf("npm ci %s: %w\n%s", name, err, out)
		}
		return nil
	})
}

// posts is the service's file.
func posts(n int) []byte {
	all := make([]post, n)
	for i := range all {
		all[i] = newPost(i + 1)
	}
	raw, err := json.Marshal(map[string]any{"posts": all})
	if err != nil {
		panic(err) // strings and numbers only
	}
	return raw
}

// need leaves the test out where a program is missing that it cannot do without.
func need(t *testing.T, command, why string) {
	t.Helper()
	if _, err := exec.LookPath(command); err != nil {
		kafka.LeftOut(t, fmt.Sprintf("%s is missing, %s: %v", command, why, err))
	}
}

// await asks ten times a second until ask has no complaint.
func await(t *testing.T, within time.Duration, what string, ask func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err = ask(); err == nil {
			return
		}
	}
	t.Fatalf("waited %v for %s: %v", within, what, err)
}
