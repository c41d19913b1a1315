package curl

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// row is a call and its answer. WORKER and API stand for the place; what ends in ... is how the body begins.
type row struct {
	line, send string
	code       int
	want       string
}

const (
	goldConfig = `{"api1.http.api.path":"/items","api1.http.initial.offset":"0","api1.http.offset.mode":"SIMPLE_INCREMENTING",` +
		`"api1.http.request.parameters":"start=${offset}","api1.request.interval.ms":"200","api1.topics":"gold",` +
		`"connector.class":"HttpSourceV2","http.api.base.url":"API","name":"gold","output.data.format":"JSON"}`
	goldStopped = `{"name":"gold","config":` + goldConfig + `,"tasks":[],"type":"source"}`
	goldTask    = `{"id":0,"state":"RUNNING","worker_id":"WORKER"}`
	goldRunning = `{"name":"gold","connector":{"state":"RUNNING","worker_id":"WORKER"},"tasks":[` + goldTask + `],"type":"source"}`
	goldOffsets = `{"offsets":[{"partition":{"url":"API/items"},"offset":{"offset":"7"}}]}`
	notJSON     = `{"error_code":415,"message":"HTTP 415 Unsupported Media Type"}`
	unknown     = `{"error_code":404,"message":"Connector no not found"}`
	notStopped  = `{"error_code":400,"message":"Connectors must be in the STOPPED state before their offsets can be modified. ` +
		`This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/gold/stop' endpoint"}`
	noOffsets = `{"error_code":400,"message":"Partitions / offsets need to be provided for an alter offsets request"}`
)

// rows are the calls of Connect's REST API, in an order in which each finds what it needs.
var rows = []row{
	{"GET /", "", 200, `{"version":"0.1.0-dev","commit":"","kafka_cluster_id":"...`},
	{"GET /health", "", 200, `{"status":"healthy","message":"Worker has completed startup and is ready to handle requests."}`},
	{"GET /connectors", "", 200, `[]`},
	{"POST /connectors", `{"name":"gold","config":GOLD,"initial_state":"stopped"}`, 201, goldStopped},
	{"POST /connectors", `{"name":"gold","config":GOLD}`, 409, `{"error_code":409,"message":"Connector gold already exists"}`},
	{"POST /connectors", `{"name":"x","config":{"name":"y"}}`, 400, `{"error_code":400,"message":"Connector name configuration (y) doesn't match connector name in the URL (x)"}`},
	{"POST /connectors", `{"name":"x","config":{}}`, 400, `{"error_code":400,"message":"Connector config contains no connector type...`},
	{"POST /connectors", `{"name":"x","config":{"connector.class":"Nope"}}`, 400, `{"error_code":400,"message":"Failed to find any class that implements Connector and which name matches Nope, available connectors are: HttpSourceV2"}`},
	{"POST /connectors", `{"name":"x","config":{"connector.class":"HttpSourceV2"}}`, 400, `{"error_code":400,"message":"Connector configuration is invalid and contains the following ...`},
	{"POST /connectors", `{"name":"x","config":{},"more":1}`, 400, `{"error_code":400,"message":"The request body is not as expected: unknown field \"more\""}`},
	{"POST /connectors", `{`, 400, `{"error_code":400,"message":"The request body is not as expected: ...`},
	{"FORM /connectors", `{}`, 415, notJSON},
	{"PATCH /connectors", "", 405, `{"error_code":405,"message":"HTTP 405 Method Not Allowed"}`},
	{"GET /nothing", "", 404, `{"error_code":404,"message":"HTTP 404 Not Found"}`},
	{"GET /connectors/", "", 200, `["gold"]`},
	{"GET /connectors/gold", "", 200, goldStopped},
	{"GET /connectors/no", "", 404, unknown},
	{"GET /connectors?expand=info", "", 200, `{"gold":{"info":` + goldStopped + `}}`},
	{"GET /connectors/gold/config", "", 200, goldConfig},
	{"GET /connectors/gold/status", "", 200, `{"name":"gold","connector":{"state":"STOPPED","worker_id":"WORKER"},"tasks":[],"type":"source"}`},
	{"GET /connectors/no/status", "", 404, `{"error_code":404,"message":"No status found for connector no"}`},
	{"PATCH /connectors/gold/config", `{"api1.request.interval.ms":"300","tasks.max":1}`, 200, `{"name":"gold","config":{"api1.http.api.path":...`},
	{"PATCH /connectors/gold/config", `{"api1.request.interval.ms":200,"tasks.max":null}`, 200, goldStopped},
	{"PATCH /connectors/no/config", `{}`, 404, unknown},
	{"PUT /connectors/gold/config", `GOLD`, 200, goldStopped},
	{"GET /connectors/gold/offsets", "", 200, `{"offsets":[]}`},
	{"PATCH /connectors/gold/offsets", `{"offsets":[{"partition":{"url":"API/items"},"offset":{"offset":7}}]}`, 200, `{"message":"The offsets for this connector have been altered successfully"}`},
	{"GET /connectors/gold/offsets", "", 200, goldOffsets},
	{"PATCH /connectors/gold/offsets", `{"offsets":[]}`, 400, noOffsets},
	{"PATCH /connectors/gold/offsets", `{}`, 400, noOffsets},
	{"PATCH /connectors/gold/offsets", `{"offsets":[{"partition":{"url":"API/items"},"offset":{"offset":{"a":1}}}]}`, 400, `{"error_code":400,"message":"offsets[0].offset.offset: a string or number is needed, not null, an object or an array"}`},
	{"PATCH /connectors/gold/offsets", `{"offsets":[{"partition":{"url":"API/items"},"offset":null}]}`, 200, `{"message":"The offsets for this connector have been altered successfully"}`},
	{"GET /connectors/gold/offsets", "", 200, `{"offsets":[]}`},
	{"DELETE /connectors/gold/offsets", "", 200, `{"message":"The offsets for this connector have been reset successfully"}`},
	{"DELETE /connectors/no/offsets", "", 404, unknown},
	{"PUT /connectors/gold/resume", "", 202, ""},
	{"AWAIT /connectors/gold/status", "", 200, goldRunning},
	{"GET /connectors?expand=status", "", 200, `{"gold":{"status":` + goldRunning + `}}`},
	{"GET /connectors/gold/tasks", "", 200, `[{"id":{"connector":"gold","task":0},"config":{...`},
	{"GET /connectors/gold/tasks/0/status", "", 200, goldTask},
	{"GET /connectors/gold/tasks/7/status", "", 404, `{"error_code":404,"message":"No status found for task gold-7"}`},
	{"GET /connectors/gold/tasks-config", "", 404, `{"error_code":404,"message":"HTTP 404 Not Found"}`},
	{"PATCH /connectors/gold/offsets", `{"offsets":[{"partition":{"url":"API/items"},"offset":{"offset":"7"}}]}`, 400, notStopped},
	{"DELETE /connectors/gold/offsets", "", 400, notStopped},
	{"POST /connectors/gold/tasks/0/restart", "", 204, ""},
	{"POST /connectors/gold/tasks/7/restart", "", 404, `{"error_code":404,"message":"Unknown task: gold-7"}`},
	{"POST /connectors/gold/restart", "", 204, ""},
	{"AWAIT /connectors/gold/status", "", 200, goldRunning},
	{"POST /connectors/gold/restart?includeTasks=true&onlyFailed=true", "", 202, goldRunning},
	{"POST /connectors/gold/restart?includeTasks=true", "", 202, strings.ReplaceAll(goldRunning, "RUNNING", "RESTARTING")},
	{"POST /connectors/no/restart", "", 404, unknown},
	{"AWAIT /connectors/gold/status", "", 200, goldRunning},
	{"PUT /connectors/gold/pause", "", 202, ""},
	{"AWAIT /connectors/gold/status", "", 200, strings.ReplaceAll(goldRunning, "RUNNING", "PAUSED")},
	{"GET /connectors/no/topics", "", 200, `{"no":{"topics":[]}}`},
	{"PUT /connectors/gold/topics/reset", "", 202, ""},
	{"GET /connectors/gold/topics", "", 200, `{"gold":{"topics":[]}}`},
	{"PUT /connectors/gold/stop", "", 204, ""},
	{"PUT /connectors/gold/stop", "", 204, ""},
	{"PUT /connectors/no/stop", "", 404, unknown},
	{"GET /connector-plugins/", "", 200, `[{"class":"HttpSourceV2","type":"source"}...`},
	{"GET /connector-plugins?connectorsOnly=false", "", 200, `[{"class":...`},
	{"GET /connector-plugins/HttpSourceV2/config", "", 200, `[{"name":...`},
	{"GET /connector-plugins/No/config", "", 404, `{"error_code":404,"message":"Unknown plugin No."}`},
	{"PUT /connector-plugins/HttpSourceV2/config/validate", `{"connector.class":"HttpSourceV2","topics":"getPlugins"}`, 200, `{"name":"HttpSourceV2","error_count":...`},
	{"PUT /connector-plugins/Other/config/validate", `{"connector.class":"HttpSourceV2"}`, 400, `{"error_code":400,"message":"Included connector type HttpSourceV2 does not match request type Other"}`},
	{"PUT /admin/loggers/root", `{"level":"debug"}`, 200, `["root"...`},
	{"GET /admin/loggers/root", "", 200, `{"level":"DEBUG","last_modified":1...`},
	{"GET /admin/loggers", "", 200, `{...`},
	{"PUT /admin/loggers/root?scope=cluster", `{"level":"INFO"}`, 204, ""},
	{"PUT /admin/loggers/root", `{}`, 400, `{"error_code":400,"message":"Desired 'level' parameter was not specified in request."}`},
	{"PUT /admin/loggers/root", `{"level":"LOUD"}`, 404, `{"error_code":404,"message":"...`},
	{"GET /admin/loggers/no.such", "", 404, `{"error_code":404,"message":"Logger no.such not found."}`},
	{"DELETE /connectors/gold", "", 204, ""},
	{"DELETE /connectors/gold", "", 404, `{"error_code":404,"message":"Connector gold not found"}`},
	{"OPTIONS /connectors", "", 204, ""},
}

// progress and version are not Connect's to compare: the first is ours, the second depends on the release.
var progress = regexp.MustCompile(`,"headwater":\{"apis":[^\]]*\]?\}|,"version":"[^"]*"`)

// TestConnectRows sends each call of Connect's API with curl and compares status and body.
func TestConnectRows(t *testing.T) {
	onWorker(t, func(t *testing.T, p place) {
		gold, err := json.Marshal(p.connector("gold", nil))
		if err != nil {
			t.Fatal(err)
		}
		fill := strings.NewReplacer("WORKER", p.worker, "API", p.api, "GOLD", string(gold))
		for _, r := range rows {
			method, path, _ := strings.Cut(r.line, " ")
			line, want := p.line(method, path, fill.Replace(r.send)), fill.Replace(r.want)
			var code int
			var got string
			asked := func() error {
				code, got = ask(t, line)
				got = progress.ReplaceAllString(got, "")
				if code != r.code || !matches(got, want) {
					return fmt.Errorf("%s %s: got %d %s\nwant %d %s", r.line, r.send, code, got, r.code, want)
				}
				return nil
			}
			if method == "AWAIT" {
				await(t, asked)
			} else if err := asked(); err != nil {
				t.Error(err)
			}
		}
	})
}

func matches(got, want string) bool {
	if beginning, ok := strings.CutSuffix(want, "..."); ok {
		return strings.HasPrefix(got, beginning)
	}
	return got == want
}

// line writes a call as one for the shell.
func (p place) line(method, path, send string) string {
	kind := "application/json"
	switch method {
	case "AWAIT":
		method = "GET"
	case "FORM":
		method, kind = "POST", "application/x-www-form-urlencoded"
	}
	line := "curl -X " + method + " '" + p.url + path + "'"
	if send != "" {
		line += " -H 'Content-Type: " + kind + "' -d '" + send + "'"
	}
	return line
}
