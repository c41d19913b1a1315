package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	newConnector  = `{"name":"no","config":{"connector.class":"HttpSourceV2","apis.num":1}}`
	sameConnector = `{"connector.class":"HttpSourceV2","name":"orders","tasks.max":2}`
	otherTasks    = "name=orders\nconnector.class=HttpSourceV2\ntasks.max=3\ntopic.name.pattern=x\n"
)

// scripts are what people type; each file in testdata shows what they see. A - reads stdin.
var scripts = map[string][]struct{ line, stdin string }{
	"connector": {
		{line: "connector list"},
		{line: "connector list -o json"},
		{line: "connector list -o yaml"},
		{line: "connector get orders"},
		{line: "connector get orders -o yaml"},
		{line: "connector get no"},
		{line: "connector config orders"},
		{line: "connector config orders -o json"},
		{line: "connector status orders"},
		{line: "connector status orders no"},
		{line: "connector pause orders no"},
		{line: "connector pause orders -o json"},
		{line: "connector pause orders --dry-run"},
		{line: "connector resume orders --dry-run -o yaml"},
		{line: "connector stop orders"},
		{line: "connector restart orders --failed"},
		{line: "connector restart orders"},
		{line: "connector delete orders"},
		{line: "connector delete no --dry-run"},
	},
	"explain": {
		{line: "connector explain orders"},
		{line: "connector explain orders -o json"},
		{line: "connector explain orders -o yaml"},
		{line: "connector explain no"},
		{line: "connector explain chain"},
		{line: "connector explain chain -o json"},
	},
	"queue": {
		{line: "queue show chain"},
		{line: "queue show chain -o yaml"},
		{line: "queue show orders"},
		{line: "queue items chain"},
		{line: "queue items chain --api 2 --state failed --limit 1 -o json"},
		{line: "queue items chain --state odd"},
		{line: "queue items chain --api 0"},
		{line: "queue items chain --limit 5000"},
		{line: "queue retry chain " + item1},
		{line: "queue retry chain " + item1 + " " + item0},
		{line: "queue retry chain --api 2 --state failed -o json"},
		{line: "queue retry chain --state failed --dry-run"},
		{line: "queue retry chain --state ended"},
		{line: "queue retry chain"},
		{line: "queue retry chain " + item1 + " --state failed"},
		{line: "queue skip chain " + item1},
		{line: "queue skip chain " + item1 + " --dry-run"},
		{line: "queue skip chain"},
	},
	"apply": {
		{"connector apply -", newConnector},
		{"connector apply - -o json", otherTasks},
		{"connector apply -", sameConnector},
		{"connector apply - --dry-run", otherTasks},
		{"connector apply - --dry-run", newConnector},
		{"connector apply -", `{"connector.class":"HttpSourceV2"}`},
		{"connector apply -", `{"name":"x"}`},
		{"connector apply -", `{"name":`},
		{"connector apply - -", newConnector},
		{"connector create -", newConnector},
		{"connector create - --state paused", newConnector},
		{"connector create - --state asleep", newConnector},
		{"connector create - --dry-run", sameConnector},
		{"connector validate -", newConnector},
		{"connector validate - -o json", newConnector},
	},
	"assign": {
		{line: "assign list"},
		{line: "assign list other"},
		{line: "assign list -o json"},
		{line: "assign list -o yaml"},
		{line: "assign pin orders/0 w2:8083"},
		{line: "assign pin orders/0 w2:8083 --dry-run -o json"},
		{line: "assign unpin orders/0"},
		{line: "assign move orders/0 w2:8083"},
		{line: "assign drain w1:8083 --dry-run"},
		{line: "assign undrain w1:8083"},
		{line: "assign plan --drain w1:8083 --pin orders/0=w2:8083 --unpin a/0,a/1"},
		{line: "assign plan --dry-run --move orders/0=w2:8083"},
		{line: "assign plan --apply --undrain w1:8083"},
		{line: "assign plan --drain w1 --undrain w1"},
		{line: "assign plan"},
	},
	"worker": {
		{line: "worker list"},
		{line: "worker list -o json"},
		{line: "worker list -o yaml"},
		{line: "worker drain w1:8083"},
		{line: "worker undrain w1:8083 -o yaml"},
	},
	"task": {
		{line: "task list"},
		{line: "task list orders -o json"},
		{line: "task restart orders/0"},
		{line: "task restart orders/0 orders/9"},
		{line: "task restart orders/0 --dry-run"},
		{line: "task restart orders"},
	},
	"offset": {
		{line: "offset get orders"},
		{line: "offset get orders -o json"},
		{line: "offset set orders --offset offset=200"},
		{line: "offset set orders --offset offset=200 --dry-run"},
		{line: "offset set orders --offset a,b"},
		{line: "offset set orders --partition url=https://a/?x=1,2 --offset a=1 --offset b=2"},
		{line: "offset set orders --partition url=https://a/new --offset offset=1 --dry-run -o json"},
		{"offset set orders -", offsets},
		{"offset set orders -", `{"offsets":[]}`},
		{"offset set orders - --offset offset=1", offsets},
		{line: "offset set orders"},
		{line: "offset reset orders --dry-run"},
		{line: "offset reset orders"},
		{line: "offset reset orders --partition url=https://a/orders -o yaml"},
		{line: "offset get chain"},
		{line: "offset set chain --value id=17 --offset offset=5"},
		{line: "offset set chain --value url=x --value team=a --offset offset=5"},
		{line: "offset set chain --value id=17 --offset offset=5 --dry-run"},
		{line: "offset set chain --value no=17 --offset offset=5"},
		{line: "offset set chain --partition url=https://a/x/${id} --value id=17 --offset offset=5"},
		{line: "offset reset chain --value id=17"},
		{line: "offset reset chain --api 3 --value id=17"},
	},
	"topic": {
		{line: "topic list orders"},
		{line: "topic list orders -o json"},
		{line: "topic reset orders"},
		{line: "topic reset orders --dry-run"},
	},
	"usage": {
		{line: "conector list"},
		{line: "connector lst --wait"},
		{line: "connector"},
		{line: "--bogus"},
		{line: "connector pause"},
		{line: "connector pause orders --wiat"},
		{line: "connector pause orders --timeout 3s"},
		{line: "connector pause orders --wait --timeout 0s"},
		{line: "connector get orders more"},
		{line: "connector list -o xml"},
		{line: "assign pin orders/0"},
		{line: "assign pin orders w1"},
		{line: "auth hash a:b"},
		{line: "auth hash ann --role boss"},
		{line: "auth hash ann"},
		{"auth hash app --role operator --token", "t0ken\n"},
		{line: "version"},
		{line: "version -o json"},
		{line: "connector list --token-file /nowhere/token"},
		{line: "connector list --server http://ann:s3cret@w1"},
	},
}

// What people and machines see: go test ./cmd/workerctl -run TestGolden -update
func TestGolden(t *testing.T) {
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, step := range script {
				c := serve(t, answers())
				s := ctl(t, c.URL, step.stdin, strings.Fields(step.line)...)
				fmt.Fprintf(&got, "$ workerctl %s\n%s", step.line, s.out.String())
				for line := range strings.Lines(s.err.String()) {
					got.WriteString("! " + line)
				}
				for _, change := range c.changes() {
					fmt.Fprintf(&got, "> %s\n", change)
				}
				fmt.Fprintf(&got, "exit %d\n\n", s.code)
				if strings.Contains(step.line, "-o json") && s.code == 0 {
					jsonOf(t, s.out.String())
				}
				if strings.Contains(s.out.String()+s.err.String(), "s3cret") || strings.Contains(s.out.String(), "\x1b") {
					t.Errorf("%s: a secret or a control character: %q %q", step.line, s.out.String(), s.err.String())
				}
				text := strings.ReplaceAll(got.String(), c.URL, "http://w")
				got.Reset()
				got.WriteString(text)
			}
			golden(t, filepath.Join("testdata", name+".golden"), got.String())
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what is shown now (-update writes it anew):\n%s", path, got)
	}
}
