package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headwater/headwater/cmd/worker/view/queue"
	"github.com/headwater/headwater/worker/meter"
	"github.com/headwater/headwater/worker/source"
)

var update = flag.Bool("update", false, "write docs/reference/worker.md and metrics.md anew")

// The pages are made of the code: go test ./cmd/worker -run TestReferencePage -update
func TestReferencePages(t *testing.T) {
	fresh(t, "../../docs/reference/worker.md", commandPage())
	fresh(t, "../../docs/reference/metrics.md", metricsPage())
}

func fresh(t *testing.T, page, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != want {
		t.Errorf("%s is not what the code says (%v); run make generate", page, err)
	}
}

func commandPage() string {
	var usage bytes.Buffer
	(&options{}).flags(&usage).Usage()
	return "# worker\n\nOne member of a Headwater cluster. A generated page.\n\n```\n" + usage.String() + "```\n\n" + `| exit code | means |
|---|---|
| 0 | stopped by a signal |
| 1 | something failed that has no place below |
| 2 | the command line, the worker properties or a connector file is wrong |
| 3 | the surroundings: Kafka, its topics, or the port of the REST API |
`
}

var description = regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]+)".*variableLabels: \{([^}]*)\}`)

// described keeps what collectors say of themselves.
type described struct {
	prometheus.Registerer
	rows []string
}

func (d *described) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		descs := make(chan *prometheus.Desc, 8)
		c.Describe(descs)
		close(descs)
		for desc := range descs {
			m := description.FindStringSubmatch(desc.String())
			d.rows = append(d.rows, fmt.Sprintf("| `%s` | %s | %s |", m[1], m[3], m[2]))
		}
	}
}

func metricsPage() string {
	d := &described{}
	meter.NewMetrics(d)
	source.NewMetrics(d)
	queue.NewMetrics(d, nil)
	slices.Sort(d.rows)
	return "# Metrics\n\n`GET /metrics` has these, beside the Go runtime's and the process's own. A generated page.\n\n" +
		"| metric | labels | meaning |\n|---|---|---|\n" + strings.Join(d.rows, "\n") + "\n"
}
