package curl

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

// checks are what is held against each answer: no 5xx, and status, headers and body as our document has them; requests
// that break the document are refused, and methods that are not there too.
const checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance," +
	"response_schema_conformance,negative_data_rejection,unsupported_method"

// TestTheDocumentIsTrue lets schemathesis make up requests, good and bad, from GET /openapi.json and judge the answers. It
// goes about it twice: with whatever names, and with those of things that are there, which are then not deleted.
func TestTheDocumentIsTrue(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs Python packages and a minute")
	}
	checker := schemathesis(t)
	names, err := filepath.Abs("testdata/schemathesis.toml")
	if err != nil {
		t.Fatal(err)
	}
	onWorker(t, func(t *testing.T, p place) {
		create(t, p, "made", p.connector("made", nil), "RUNNING")
		check(t, checker, p, nil)
		if code, _ := ask(t, "curl '"+p.url+"/connectors/made'"); code != 200 {
			create(t, p, "made", p.connector("made", nil), "RUNNING")
		}
		check(t, checker, p, []string{"--config-file", names}, "--exclude-operation-id", "delete_connectors_name",
			"--exclude-operation-id", "delete_connect_v1_environments_environment_clusters_cluster_connectors_name")
		if code, body := ask(t, "curl '"+p.url+"/connectors/made'"); code != 200 {
			t.Errorf("the connector that the second round was about is gone: %d %s", code, body)
		}
	})
}

// check runs the checker once.
func check(t *testing.T, checker string, p place, before []string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args = append(append(before,
		"run", p.url+"/openapi.json", "--checks", checks, "--phases", "examples,coverage,fuzzing", "--mode", "all",
		"--max-examples", "30", "--seed", "1", "--no-shrink", "--continue-on-failure", "--request-timeout", "30",
	), args...)
	cmd := exec.CommandContext(ctx, checker, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1", "NO_COLOR=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	} else if i := bytes.LastIndex(out, []byte("Test cases:")); i >= 0 {
		t.Logf("%s", out[i:])
	} else {
		t.Errorf("the checker says nothing of test cases:\n%s", out)
	}
}

// schemathesis installs the checker once, in a folder of its own, and returns its program.
func schemathesis(t *testing.T) string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		kafka.LeftOut(t, "python3 is missing, which runs schemathesis")
	}
	wanted, err := os.ReadFile("testdata/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	requirements, err := filepath.Abs("testdata/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := program.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir, err := program.Cached(cache, "schemathesis", wanted, func(draft string) error {
		// Programs of a virtual environment name its place, so the packages go into a plain folder, which can be moved.
		out, err := exec.CommandContext(ctx, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
			"--target", draft, "--requirement", requirements).CombinedOutput()
		if err != nil {
			return fmt.Errorf("pip install: %w\n%s", err, out)
		}
		return nil
	})
	if err != nil {
		kafka.LeftOut(t, "schemathesis cannot be installed: "+err.Error())
	}
	script := filepath.Join(t.TempDir(), "checker")
	text := fmt.Sprintf("#!/bin/sh\nPYTHONPATH='%s' exec '%s' -m schemathesis.cli \"$@\"\n", dir, python)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return script
}
