package connector_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/document"
)

const kafkaRows = "kafka.auth.mode, kafka.api.key, kafka.api.secret"

// Each configuration was found in use somewhere; hosts and credentials are placeholders. output.data.format is JSON where
// the original has a format that is still to come.
var realConfigurations = []struct {
	file             string
	faults, warnings []string // names of properties, in order
}{
	{"simple-confluence.json", nil, []string{kafkaRows}},
	{"chaining-elasticsearch.json", nil, []string{kafkaRows}},
	{"cursor-gcs.json", nil, []string{kafkaRows}},
	{"oauth2.json", []string{"auth.type"}, []string{"oauth2.client.mode", kafkaRows}},
	{"self-managed.json", nil, []string{
		"reporter.result.topic.name, reporter.result.topic.replication.factor, reporter.result.topic.value.format",
		"reporter.bootstrap.servers", "reporter.error.topic.replication.factor",
	}},
	{"floods.json", nil, []string{kafkaRows}},
	{"prices.json", nil, []string{kafkaRows}},
	{"terraform.json", nil, []string{"kafka.auth.mode, kafka.service.account.id"}},
	{"relative-servicenow.json", nil, []string{"api1.http.offset.mode"}},
	{"product-sample.json", []string{"output.data.format", "api1.topics", "api1.http.initial.offset"}, []string{"document", kafkaRows}},
}

func TestRealConfigurations(t *testing.T) {
	for _, c := range realConfigurations {
		t.Run(c.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", "real", c.file))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := document.Parse(c.file, data)
			if err != nil {
				t.Fatal(err)
			}
			_, warnings, err := connector.Parse(doc.Properties)
			if got := names(faults(err)); !slices.Equal(got, c.faults) {
				t.Errorf("faults of %q, want %q\n%v", got, c.faults, err)
			}
			var got []string
			for _, w := range slices.Concat(doc.Warnings, warnings) {
				got = append(got, w.Property)
			}
			if !slices.Equal(got, c.warnings) {
				t.Errorf("warnings of %q, want %q", got, c.warnings)
			}
		})
	}
}

// faults takes an error of Parse apart; nil stands for one that is no Fault.
func faults(err error) []*connector.Fault {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		f, _ := errors.AsType[*connector.Fault](err)
		return []*connector.Fault{f}
	}
	var all []*connector.Fault
	for _, e := range joined.Unwrap() {
		all = append(all, faults(e)...)
	}
	return all
}

func names(all []*connector.Fault) []string {
	var names []string
	for _, f := range all {
		names = append(names, f.Property)
	}
	return names
}

// properties reads a base that is without fault and changes it: lines of name=value, or -name to leave one out.
func properties(changes string) map[string]string {
	p := map[string]string{
		"name": "things", "connector.class": "HttpSourceV2", "http.api.base.url": "https://api.example.com/v1",
		"output.data.format": "JSON", "api1.http.api.path": "/things", "api1.topics": "things", "api1.http.initial.offset": "0",
	}
	for line := range strings.Lines(changes) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "-"); ok {
			delete(p, name)
		} else if name, value, ok := strings.Cut(line, "="); ok {
			p[name] = strings.ReplaceAll(value, `\n`, "\n")
		}
	}
	return p
}

func api(t *testing.T, changes string) connector.API {
	t.Helper()
	c, _, err := connector.Parse(properties(changes))
	if err != nil {
		t.Fatal(err)
	}
	return c.APIs[0]
}
