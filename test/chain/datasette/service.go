// Package datasette serves the records of a tree as a REST API that no one here wrote: Datasette, from PyPI, over a file
// of SQLite with a table for each level. Rows can be put in while it serves.
//
//	GET /tree/root.json?changed__gt=7&_sort=changed   roots changed after change 7
//	GET /tree/branch.json?root__exact=r3&_next=b3~2E4 branches of r3 after b3.4
//	GET /tree/leaf.json?branch__exact=b3.1            leaves of b3.1
//
// Each answer holds its records in "rows", and what comes after them in "next", a token, and "next_url", a whole address.
package datasette

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
	"github.com/headwater/headwater/test/rolling/fleet"
)

//go:embed requirements.txt
var requirements []byte

//go:embed load.py
var load string

// starting bounds Datasette's start, which takes a second or two.
const starting = time.Minute

// Service is a running Datasette.
type Service struct {
	URL string
	// Version is what it says of itself.
	Version string

	python program.Python
	file   string
}

// Start serves a file without a row until the end of the test. The file and the log, which has a line for each request,
// are in dir. Where Datasette cannot be had the test is left out.
func Start(t *testing.T, dir string) *Service {
	t.Helper()
	python, err := program.InstallPython(t.Context(), "datasette", requirements)
	if err != nil {
		kafka.LeftOut(t, "datasette cannot be installed: "+err.Error())
	}
	address, err := program.FreeAddress()
	s := &Service{URL: "http://" + address, python: python, file: filepath.Join(dir, "tree.db")}
	if err := errors.Join(err, s.Put(t.Context(), nil)); err != nil {
		t.Fatal(err)
	}
	p, err := s.serve(address, filepath.Join(dir, "datasette.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	if err := fleet.Await(t.Context(), starting, "Datasette to answer", s.greet); err != nil {
		t.Fatal(err)
	}
	return s
}

// serve runs Datasette. It is not to look for facets, which nobody asks for here, nor to give up a query after a second,
// which a machine with too much to do can take.
func (s *Service) serve(address, log string) (*program.Process, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	cmd := s.python.Command(context.Background(), "-m", "datasette", "serve", "--host", host, "--port", port,
		"--setting", "suggest_facets", "off", "--setting", "sql_time_limit_ms", "30000", s.file)
	cmd.Dir = filepath.Dir(s.file) // this folder's name is the module's
	return program.Start(cmd, log)
}

// greet asks for the version.
func (s *Service) greet(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/-/versions.json", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var versions struct{ Datasette struct{ Version string } }
	err = json.NewDecoder(answer.Body).Decode(&versions)
	s.Version = versions.Datasette.Version
	return err
}

// Put adds rows, as Contents.Rows gives them, all at once.
func (s *Service) Put(ctx context.Context, rows []byte) error {
	cmd := s.python.Command(ctx, "-c", load, s.file)
	cmd.Stdin = bytes.NewReader(rows)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("put rows in: %w\n%s", err, out)
	}
	return nil
}
