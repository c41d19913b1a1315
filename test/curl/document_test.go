package curl

import (
	"bytes"
	"context"
	"os"
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
func check(t *testing.T, checker program.Python, p place, before []string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args = append(append(append([]string{"-m", "schemathesis.cli"}, before...),
		"run", p.url+"/openapi.json", "--checks", checks, "--phases", "examples,coverage,fuzzing", "--mode", "all",
		"--max-examples", "30", "--seed", "1", "--no-shrink", "--continue-on-failure", "--request-timeout", "30",
	), args...)
	cmd := checker.Command(ctx, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(cmd.Env, "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1", "NO_COLOR=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	} else if i := bytes.LastIndex(out, []byte("Test cases:")); i >= 0 {
		t.Logf("%s", out[i:])
	} else {
		t.Errorf("the checker says nothing of test cases:\n%s", out)
	}
}

// schemathesis installs the checker once and returns what runs it.
func schemathesis(t *testing.T) program.Python {
	t.Helper()
	wanted, err := os.ReadFile("testdata/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	python, err := program.InstallPython(t.Context(), "schemathesis", wanted)
	if err != nil {
		kafka.LeftOut(t, "schemathesis cannot be installed: "+err.Error())
	}
	return python
}
