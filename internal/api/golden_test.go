package api

import (
	"strings"
	"testing"
)

const (
	shownConfig = `{"bearer.token":"***","connector.class":"HttpSource","http.api.base.url":"https://a","name":"my-http"}`
	shownInfo   = `{"name":"my-http","config":` + shownConfig +
		`,"tasks":[{"connector":"my-http","task":0},{"connector":"my-http","task":1}],"type":"source"}`
	shownTask0  = `{"id":0,"state":"FAILED","worker_id":"w:1","trace":"a\n\tb <c>"}`
	shownTask1  = `{"id":1,"state":"RUNNING","worker_id":"w:1","version":"1.0"}`
	shownStatus = `{"name":"my-http","connector":{"state":"RUNNING","worker_id":"w:1"},"tasks":[` + shownTask0 + `,` + shownTask1 + `],"type":"source"}`
	resting     = `{"name":"resting","connector":{"state":"STOPPED","worker_id":"w:1"},"tasks":[],"type":"source"}`
	cloud       = "/connect/v1/environments/env-1/clusters/lkc-1"
	invalid     = `{"error_code":400,"message":"Connector configuration is invalid and contains the following `
	invalidEnd  = `\nThe endpoint ` + "`/connector-plugins/{connectorType}/config/validate`" + ` shows them too"}`
	notStopped  = `{"error_code":400,"message":"Connectors must be in the STOPPED state before their offsets can be modified. ` +
		`This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/my-http/stop' endpoint"}`
	noRoute     = `{"error_code":404,"message":"HTTP 404 Not Found"}`
	wrongMethod = `{"error_code":405,"message":"HTTP 405 Method Not Allowed"}`
	unknown     = `{"error_code":404,"message":"Connector no not found"}`
)

func TestAnswersAreThoseOfConnect(t *testing.T) {
	for _, c := range []struct {
		line, body string
		code       int
		want       string
	}{
		{"GET /", "", 200, `{"version":"4.3.0","commit":"0123456789abcdef","kafka_cluster_id":"k1"}`},
		{"GET /health", "", 200, `{"status":"healthy","message":"Worker has completed startup and is ready to handle requests."}`},
		{"GET /metrics", "", 200, "up 1\n"},
		{"GET /connectors", "", 200, `["my-http","resting"]`},
		{"GET /connectors/", "", 200, `["my-http","resting"]`},
		{"GET /connectors?expand=info&expand=status", "", 200, `{"my-http":{"info":` + shownInfo + `,"status":` + shownStatus + `},"resting":{"info":` +
			`{"name":"resting","config":{},"tasks":[],"type":"source"},"status":` + resting + `}}`},
		{"GET /connectors?expand=odd", "", 200, `{"my-http":{},"resting":{}}`},
		{"GET /connectors/my-http", "", 200, shownInfo},
		{"GET /connectors/my-http/", "", 200, shownInfo},
		{"GET /connectors/no", "", 404, unknown},
		{"GET /connectors/my-http/config", "", 200, shownConfig},
		{"GET /connectors/no/config", "", 404, unknown},
		{"GET /connectors/my-http/status", "", 200, shownStatus},
		{"GET /connectors/no/status", "", 404, `{"error_code":404,"message":"No status found for connector no"}`},
		{
			"GET /connectors/my-http/tasks", "", 200,
			`[{"id":{"connector":"my-http","task":0},"config":{"bearer.token":"***","task.class":"T"}},{"id":{"connector":"my-http","task":1},"config":{}}]`,
		},
		{"GET /connectors/no/tasks", "", 404, unknown},
		{"GET /connectors/my-http/tasks/0/status", "", 200, shownTask0},
		{"GET /connectors/my-http/tasks/7/status", "", 404, `{"error_code":404,"message":"No status found for task my-http-7"}`},
		{"GET /connectors/my-http/tasks/x/status", "", 404, noRoute},
		{"POST /connectors/my-http/tasks/1/restart", "", 204, ""},
		{"POST /connectors/my-http/tasks/7/restart", "", 404, `{"error_code":404,"message":"Unknown task: my-http-7"}`},
		{"PUT /connectors/my-http/pause", "", 202, ""},
		{"PUT /connectors/my-http/resume", "", 202, ""},
		{"PUT /connectors/my-http/stop", "", 204, ""},
		{"PUT /connectors/no/stop", "", 404, unknown},
		{"POST /connectors/my-http/restart", "", 204, ""},
		{"POST /connectors/my-http/restart?includeTasks=false&onlyFailed=false", "", 204, ""},
		{
			"POST /connectors/my-http/restart?includeTasks=true&onlyFailed=true", "", 202,
			strings.Replace(shownStatus, shownTask0, `{"id":0,"state":"RESTARTING","worker_id":"w:1"}`, 1),
		},
		{
			"POST /connectors/my-http/restart?includeTasks=true", "", 202,
			`{"name":"my-http","connector":{"state":"RESTARTING","worker_id":"w:1"},"tasks":[{"id":0,"state":"RESTARTING","worker_id":"w:1"},` +
				`{"id":1,"state":"RESTARTING","worker_id":"w:1","version":"1.0"}],"type":"source"}`,
		},
		{"POST /connectors/no/restart", "", 404, unknown},
		{"GET /connectors/my-http/offsets", "", 200, `{"offsets":[]}`},
		{"GET /connectors/no/offsets", "", 404, unknown},
		{"DELETE /connectors/my-http", "", 204, ""},
		{"DELETE /connectors/no", "", 404, unknown},
		{"GET /connector-plugins/", "", 200, `[{"class":"io.example.HttpSourceConnector","type":"source","version":"1.0"}]`},
		{"GET /connector-plugins/No/config", "", 404, `{"error_code":404,"message":"Unknown plugin No."}`},
		{
			"GET /connector-plugins/HttpSource/config", "", 200,
			`[{"name":"name","type":"STRING","required":true,"default_value":null,"importance":"HIGH","documentation":"","group":"Common",` +
				`"order_in_group":1,"width":"MEDIUM","display_name":"","dependents":[],"order":1},` +
				`{"name":"bearer.token","type":"PASSWORD","required":false,"default_value":"[hidden]","importance":"LOW","documentation":"",` +
				`"group":"Auth","order_in_group":1,"width":"","display_name":"","dependents":[],"order":1}]`,
		},
		{"GET /connectors/my-http/tasks-config", "", 404, noRoute},
		{"PATCH /connectors/my-http/config", `{"tasks.max":2}`, 200, shownInfo},
		{"PATCH /connectors/no/config", `{}`, 404, unknown},
		{"PATCH /connectors/my-http/config", `{"name":null}`, 200, shownInfo},
		{"PATCH /connectors/my-http/config", `{"a":[]}`, 400, invalid + `1 error(s):\nInvalid value for configuration a: a string is needed, not an object or array` + invalidEnd},
		{"PATCH /connectors/my-http/config", `{"http.api.base.url":"https://evil"}`, 400, invalid + `1 error(s):\nInvalid value for configuration bearer.token: ` +
			`give the secret anew, since http.api.base.url has changed and a secret that is not shown is kept for its old destination only` + invalidEnd},
		{"GET /connectors/my-http/topics", "", 200, `{"my-http":{"topics":["a"]}}`},
		{"GET /connectors/no/topics", "", 200, `{"no":{"topics":[]}}`},
		{"PUT /connectors/my-http/topics/reset", "", 202, ""},
		{"PATCH /connectors/my-http/offsets", `{"offsets":[{"partition":{}}]}`, 400, notStopped},
		{"DELETE /connectors/my-http/offsets", "", 400, notStopped},
		{"PATCH /connectors/no/offsets", `{"offsets":[{"partition":{}}]}`, 404, unknown},
		{"DELETE /connectors/no/offsets", "", 404, unknown},
		{"PATCH /connectors/resting/offsets", `{}`, 400, `{"error_code":400,"message":"Partitions / offsets need to be provided for an alter offsets request"}`},
		{"PATCH /connectors/resting/offsets", `{"offsets":[{"partition":{}}]}`, 200, `{"message":"The offsets for this connector have been altered successfully"}`},
		{"DELETE /connectors/resting/offsets", "", 200, `{"message":"The offsets for this connector have been reset successfully"}`},
		{"GET /admin/loggers", "", 200, `{"a":{"level":"WARN","last_modified":1700000000000},"root":{"level":"INFO","last_modified":null}}`},
		{"GET /admin/loggers/root", "", 200, `{"level":"INFO","last_modified":null}`},
		{"GET /admin/loggers/l", "", 404, `{"error_code":404,"message":"Logger l not found."}`},
		{"PUT /admin/loggers/a", `{"level":"debug"}`, 200, `["a","a.DEBUG"]`},
		{"PUT /admin/loggers/a?scope=odd", `{"level":"OFF"}`, 200, `["a","a.OFF"]`},
		{"PUT /admin/loggers/a?scope=cluster", `{"level":"DEBUG"}`, 204, ""},
		{"PUT /admin/loggers/a", `{}`, 400, `{"error_code":400,"message":"Desired 'level' parameter was not specified in request."}`},
		{"PUT /admin/loggers/a", `{"level":"x"}`, 404, `{"error_code":404,"message":"the level is not one of OFF, FATAL, ERROR, WARN, INFO, DEBUG, TRACE, ALL"}`},
		{"GET /connector-plugins?connectorsOnly=false", "", 200, `[{"class":"io.example.HttpSourceConnector","type":"source","version":"1.0"},{"class":"io.example.JSON","type":"converter"}]`},
		{"GET " + cloud + "/connectors/no/offsets", "", 404, `{"error":{"code":404,"message":"Connector no not found"}}`},
		{"GET " + cloud + "/nothing", "", 404, `{"error":{"code":404,"message":"HTTP 404 Not Found"}}`},
		{"PUT /api" + cloud + "/connectors", "", 405, `{"error":{"code":405,"message":"HTTP 405 Method Not Allowed"}}`},
		{"GET /api" + cloud + "/connectors/my-http/config/", "", 200, shownConfig},
		{"GET /api/connectors", "", 404, noRoute},
		{"POST " + cloud + "/connectors/my-http/offsets/request", `{"type":"GET"}`, 400, `{"error":{"code":400,"message":"type must be PATCH or DELETE"}}`},
		{"GET " + cloud + "/connectors/my-http/offsets/request/status", "", 404, `{"error":{"code":404,"message":"No offset request is known for connector my-http"}}`},
		{"GET /nothing", "", 404, noRoute},
		{"GET /connectors//status", "", 404, noRoute},
		{"GET /connectors/../health", "", 404, noRoute},
		{"PATCH /connectors", "", 405, wrongMethod},
		{"DELETE /", "", 405, wrongMethod},
		{"BREW /connectors/my-http/status", "", 405, wrongMethod},
		{"OPTIONS /connectors/my-http", "", 204, ""},
	} {
		w := ask(server(t, options(sample())), c.line, c.body)
		if w.Code != c.code || w.Body.String() != c.want {
			t.Errorf("%s: got %d %s\nwant %d %s", c.line, w.Code, w.Body, c.code, c.want)
		}
		if kind := w.Header().Get("Content-Type"); strings.HasPrefix(c.want, "{") && kind != "application/json" {
			t.Errorf("%s: content type %q", c.line, kind)
		}
	}
}

func TestValidate(t *testing.T) {
	s := server(t, options(sample()))
	const path = "PUT /connector-plugins/"
	w := ask(s, path+"HttpSourceConnector/config/validate", `{"connector.class":"HttpSource","bearer.token":"`+canary+`"}`)
	for _, part := range []string{
		`{"name":"HttpSource","error_count":1,"groups":["Common","Auth"],"configs":[{"definition":{"name":"name",`,
		`"value":{"name":"name","value":null,"recommended_values":[],"errors":["Missing required configuration \"name\" which has no default value."],"visible":true}}`,
		`"value":{"name":"bearer.token","value":"[hidden]","recommended_values":[],"errors":[],"visible":true}}`,
	} {
		if w.Code != 200 || !strings.Contains(w.Body.String(), part) {
			t.Errorf("%d %s\nlacks %s", w.Code, w.Body, part)
		}
	}
	for plugin, message := range map[string]string{
		"Other":   `{"error_code":400,"message":"Included connector type HttpSource does not match request type Other"}`,
		"dSource": `{"error_code":400,"message":"Included connector type HttpSource does not match request type dSource"}`,
	} {
		w := ask(s, path+plugin+"/config/validate", `{"connector.class":"HttpSource"}`)
		if w.Code != 400 || w.Body.String() != message {
			t.Errorf("%s: %d %s", plugin, w.Code, w.Body)
		}
	}
}

func TestAConnectorWithoutStatusIsLeftOutOfTheExpandedList(t *testing.T) {
	b := sample()
	b.connectors["new"] = Connector{Config: map[string]string{"name": "new"}}
	s := server(t, options(b))
	if w := ask(s, "GET /connectors?expand=status", ""); strings.Contains(w.Body.String(), "new") {
		t.Errorf("%s", w.Body)
	}
	if w := ask(s, "GET /connectors?expand=info", ""); !strings.Contains(w.Body.String(), `"new":{"info":{"name":"new","config":{"name":"new"},"tasks":[],"type":"source"}}`) {
		t.Errorf("%s", w.Body)
	}
}

func TestWhatIsMissingSaysSo(t *testing.T) {
	opts := options(sample())
	opts.Lifecycle, opts.Offsets, opts.Validator, opts.Metrics, opts.ClusterID = nil, nil, nil, nil, nil
	s := server(t, opts)
	for _, line := range []string{
		"PUT /connectors/my-http/pause", "POST /connectors/my-http/restart", "POST /connectors/my-http/tasks/0/restart",
		"GET /connectors/my-http/offsets", "GET /connector-plugins/HttpSource/config", "GET /metrics",
	} {
		if w := ask(s, line, ""); w.Code != 501 || !strings.Contains(w.Body.String(), "not available") {
			t.Errorf("%s: %d %s", line, w.Code, w.Body)
		}
	}
	if w := ask(s, "GET /", ""); w.Code != 200 {
		t.Errorf("GET /: %d", w.Code)
	}
}
