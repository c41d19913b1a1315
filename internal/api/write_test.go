package api

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/fault"
)

func TestCreate(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		code    int
		want    string // part of the answer
		initial string // what the Writer is given
	}{
		"plain": {
			`{"name":" new ","config":{"connector.class":"HttpSource","tasks.max":1,"x":true}}`, 201,
			`{"name":"new","config":{"connector.class":"HttpSource","name":"new","tasks.max":"1","x":"true"},"tasks":[],"type":"source"}`, "",
		},
		"initial state":     {`{"name":"new","config":{"connector.class":"HttpSourceV2"},"initial_state":"stopped"}`, 201, `"name":"new"`, "STOPPED"},
		"initially running": {`{"name":"new","config":{"connector.class":"io.example.HttpSourceConnector"},"initial_state":"RUNNING"}`, 201, `"name":"new"`, "STARTED"},
		"exact numbers":     {`{"name":"new","config":{"connector.class":"HttpSource","n":12345678901234567890.10}}`, 201, `"n":"12345678901234567890.10"`, ""},
		"odd initial state": {`{"name":"new","config":{},"initial_state":"GONE"}`, 400, `initial_state \"GONE\" is none of RUNNING, PAUSED, STOPPED`, ""},
		"there already":     {`{"name":"my-http","config":{}}`, 409, `{"error_code":409,"message":"Connector my-http already exists"}`, ""},
		"another name":      {`{"name":"new","config":{"name":"old"}}`, 400, `"Connector name configuration (old) doesn't match connector name in the URL (new)"`, ""},
		"no name":           {`{"config":{"connector.class":"HttpSource"}}`, 400, "contains the following 1 error(s):\\nInvalid value for configuration name", ""},
		"control character": {`{"name":"a\nb","config":{}}`, 400, "without control characters", ""},
		"no class":          {`{"name":"new","config":{}}`, 400, "contains no connector type", ""},
		"unknown class": {
			`{"name":"new","config":{"connector.class":"Nope"}}`, 400,
			`"Failed to find any class that implements Connector and which name matches Nope, available connectors are: io.example.HttpSourceConnector"`, "",
		},
		"a null":         {`{"name":"new","config":{"a":null,"b":{}}}`, 400, "2 error(s):\\nInvalid value for configuration a: Null value can not", ""},
		"the mask":       {`{"name":"new","config":{"connector.class":"HttpSource","bearer.token":"***"}}`, 400, "bearer.token: *** stands for a secret", ""},
		"no config":      {`{"name":"new"}`, 400, "config is missing", ""},
		"null config":    {`{"name":"new","config":null}`, 400, "not null", ""},
		"unknown field":  {`{"name":"new","config":{},"extra":1}`, 400, `unknown field \"extra\"`, ""},
		"twice the same": {`{"name":"new","config":{"a":"1","a":"2"}}`, 400, "duplicate", ""},
		"wrong type":     {`{"name":7,"config":{}}`, 400, `the value at \"/name\" does not belong there`, ""},
		"no JSON":        {`{"name"`, 400, "not as expected", ""},
		"an array":       {`[]`, 400, "does not belong there", ""},
	} {
		b := sample()
		var initial string
		b.create = func(_ context.Context, _ string, _ map[string]string, state string) error {
			initial = state
			return nil
		}
		w := ask(server(t, options(b)), "POST /connectors", c.body)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.want) || initial != c.initial {
			t.Errorf("%s: got %d %s (initial %q)\nwant %d ... %s (initial %q)", name, w.Code, w.Body, initial, c.code, c.want, c.initial)
		}
		if location := w.Header().Get("Location"); (c.code == 201) != (location == "/connectors/new") {
			t.Errorf("%s: location %q", name, location)
		}
	}
}

func TestPut(t *testing.T) {
	present := sample().connectors["my-http"].Config
	for name, c := range map[string]struct {
		path   string
		change map[string]string // over the configuration as it is shown
		code   int
		token  string // bearer.token as the Writer gets it
	}{
		"masked secret is kept":    {"my-http", map[string]string{"tasks.max": "2"}, 200, canary},
		"new secret":               {"my-http", map[string]string{"bearer.token": "new"}, 200, "new"},
		"kept for its place only":  {"my-http", map[string]string{"http.api.base.url": "https://evil"}, 400, ""},
		"nor by a whitelist":       {"my-http", map[string]string{"connector.egress.whitelist": "evil"}, 400, ""},
		"new place and new secret": {"my-http", map[string]string{"http.api.base.url": "https://b", "bearer.token": "new"}, 200, "new"},
		"created":                  {"other", map[string]string{"name": "other", "bearer.token": "new"}, 201, "new"},
		"created with the mask":    {"other", map[string]string{"name": "other"}, 400, ""},
		"another name":             {"my-http", map[string]string{"name": "x"}, 400, ""},
	} {
		b := sample()
		var token string
		b.put = func(_ context.Context, _ string, config map[string]string) error {
			token = config["bearer.token"]
			return nil
		}
		config := maskTokens(present)
		maps.Copy(config, c.change)
		w := ask(server(t, options(b)), "PUT /connectors/"+c.path+"/config", object(config))
		if w.Code != c.code || token != c.token {
			t.Errorf("%s: got %d %s, token %q; want %d, token %q", name, w.Code, w.Body, token, c.code, c.token)
		}
		if location := w.Header().Get("Location"); (c.code == 201) != (location != "") {
			t.Errorf("%s: location %q", name, location)
		}
	}
}

func TestErrorsKeepTheirStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		text string
	}{
		{Invalid("a", "b"), 400, "contains the following 2 error(s):\\na\\nb\\n"},
		{Conflict(), 409, "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"},
		{Exists("new"), 409, "Connector new already exists"},
		{errors.Join(errors.New("while creating"), NotFound("new")), 404, "Connector new not found"},
		{&fault.Error{Kind: fault.Permanent, Op: "parse", Err: errors.New("bad"), Hint: "fix it"}, 400, "parse: bad (fix it)"},
		{&fault.Error{Kind: fault.Fenced, Op: "write", Err: errors.New("fenced")}, 409, "conflicting operation"},
		{&fault.Error{Kind: fault.Retriable, Op: "write", Err: errors.New("away")}, 500, "write: away"},
		{context.DeadlineExceeded, 500, "Request timed out."},
		{errors.New("odd"), 500, "odd"},
	} {
		b := sample()
		b.create = func(context.Context, string, map[string]string, string) error { return c.err }
		w := ask(server(t, options(b)), "POST /connectors", `{"name":"new","config":{"connector.class":"HttpSource"}}`)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.text) {
			t.Errorf("%v: got %d %s, want %d %s", c.err, w.Code, w.Body, c.code, c.text)
		}
	}
}

// TestNoAnswerHoldsASecret asks for everything there is.
func TestNoAnswerHoldsASecret(t *testing.T) {
	s := server(t, options(sample()))
	for _, rt := range s.routes() {
		path := strings.NewReplacer("{$}", "", "{name}", "my-http", "{task}", "0", "{plugin}", "HttpSource").Replace(rt.pattern)
		var body string
		if rt.takesBody {
			body = object(sample().connectors["my-http"].Config)
		}
		for _, query := range []string{"", "?expand=info&expand=status", "?includeTasks=true"} {
			if w := ask(s, rt.method+" "+path+query, body); strings.Contains(w.Body.String(), canary) {
				t.Errorf("%s %s%s shows a secret: %s", rt.method, path, query, w.Body)
			}
		}
	}
	for _, body := range []string{
		`{"name":"new","config":{"connector.class":"HttpSource","bearer.token":"` + canary + `"}}`,
		`{"name":"new","config":{"connector.class":"HttpSource","bearer.token":["` + canary + `"]}}`,
		`{"name":"new","config":{"bearer.token":"` + canary + `"}}`,
		`{"name":"new","config":{"bearer.token":"` + canary + `}}`,
		`{"name":"new","config":{"bearer.token":` + canary + `}}`,
	} {
		if w := ask(s, "POST /connectors", body); strings.Contains(w.Body.String(), canary) {
			t.Errorf("POST %s shows a secret: %s", body, w.Body)
		}
	}
}

func TestNamesArePassedThroughWhole(t *testing.T) {
	for path, name := range map[string]string{"a%2Fb": "a/b", "%2E%2E": "..", "a%20b": "a b", "%C3%A9": "é", "a%2F": "a/"} {
		b := sample()
		b.connectors[name] = Connector{Config: map[string]string{}}
		s := server(t, options(b))
		for _, slash := range []string{"", "/"} {
			if w := ask(s, "GET /connectors/"+path+"/config"+slash, ""); w.Code != 200 {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		if w := ask(s, "GET /connectors/"+path, ""); w.Code != 200 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
