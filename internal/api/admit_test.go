package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/api/access"
)

// door is a Guard, Voucher and Forwarder that goes by headers.
type door struct{ forwarded []string }

// Admit knows callers by the header Role.
func (d *door) Admit(r *http.Request, needed access.Role) error {
	switch role, known := access.ParseRole(r.Header.Get("Role")); {
	case r.Header.Get("Role") == "odd":
		return errors.New("odd caller")
	case r.Header.Get("Role") == "busy":
		return &access.Error{Status: 429, Message: "later", RetryAfter: 1500 * time.Millisecond}
	case !known:
		return &access.Error{Status: 401, Message: "who are you?", Challenge: []string{"Basic", "Bearer"}}
	case role < needed:
		return &access.Error{Status: 403, Message: "that is for " + needed.String()}
	}
	return nil
}

func (d *door) Vouched(r *http.Request) bool { return r.Header.Get("Signed") != "" }

func (d *door) Vouch(r *http.Request, body []byte) (*http.Request, error) {
	if r.Header.Get("Signed") != string(body) {
		return nil, &Error{http.StatusForbidden, "wrong signature"}
	}
	r2 := r.Clone(context.Background())
	r2.Header.Set("Role", "admin")
	return r2, nil
}

// Forward sends on what has the header Follow.
func (d *door) Forward(w http.ResponseWriter, r *http.Request, body []byte) bool {
	if r.Header.Get("Follow") == "" {
		return false
	}
	d.forwarded = append(d.forwarded, r.Method+" "+r.URL.Path+" "+string(body))
	w.WriteHeader(http.StatusTeapot)
	return true
}

func guarded(t *testing.T) (*Server, *door) {
	d, opts := &door{}, options(sample())
	opts.Guard, opts.Voucher, opts.Forward = d, d, d
	return server(t, opts), d
}

func sendAs(s *Server, line, body string, header ...string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func TestEveryRouteAsksForItsRole(t *testing.T) {
	s, _ := guarded(t)
	for _, rt := range s.routes() {
		path := strings.NewReplacer("{$}", "", "{name}", "my-http", "{task}", "0", "{plugin}", "HttpSource", "{logger}", "root").Replace(rt.pattern)
		for role := access.Open; role <= access.Admin; role++ {
			w := sendAs(s, rt.method+" "+path, "{}", "Role", role.String())
			if refused := w.Code == 403 && strings.Contains(w.Body.String(), "that is for"); refused != (role < rt.role) {
				t.Errorf("%s %s as %s: %d %s", rt.method, path, role, w.Code, w.Body)
			}
		}
		if rt.method != "GET" && rt.role < access.Operator && !strings.HasSuffix(rt.pattern, "/validate") && !strings.HasSuffix(rt.pattern, "/plan") {
			t.Errorf("%s %s changes something and is open to %s", rt.method, rt.pattern, rt.role)
		}
		item := strings.Contains(rt.pattern, "/queue/items/") // its lane's worker answers
		if changes := rt.method != "GET" && !strings.HasSuffix(rt.pattern, "/validate") && !item && rt.leaderIf == nil; changes && !rt.leader {
			t.Errorf("%s %s changes something, and any worker answers it", rt.method, rt.pattern)
		}
	}
}

func TestRefusals(t *testing.T) {
	s, _ := guarded(t)
	w := sendAs(s, "GET /connectors", "")
	if w.Code != 401 || w.Body.String() != `{"error_code":401,"message":"who are you?"}` || len(w.Header().Values("WWW-Authenticate")) != 2 {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	if w = sendAs(s, "GET "+cloud+"/connectors", ""); w.Body.String() != `{"error":{"code":401,"message":"who are you?"}}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w = sendAs(s, "GET /connectors", "", "Role", "odd"); w.Code != 403 || !strings.Contains(w.Body.String(), "odd caller") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w = sendAs(s, "GET /connectors", "", "Role", "busy"); w.Code != 429 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w = sendAs(s, "GET /health", ""); w.Code != 200 {
		t.Errorf("health: %d", w.Code)
	}
	// A stranger's body is not read: it may be of any kind and size.
	if w = sendAs(s, "POST /connectors", strings.Repeat("x", 2<<20)); w.Code != 401 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAnotherWorkerVouches(t *testing.T) {
	s, _ := guarded(t)
	if w := sendAs(s, "POST /connectors", createNew, "Signed", createNew); w.Code != 201 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := sendAs(s, "POST /connectors", createNew, "Signed", "x", "Role", "admin"); w.Code != 403 || !strings.Contains(w.Body.String(), "wrong signature") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestWhatTheLeaderAnswersIsSentOn(t *testing.T) {
	s, d := guarded(t)
	for line, sent := range map[string]bool{
		"GET /connectors": false, "GET /connectors/my-http/status": false, "PUT /connector-plugins/HttpSource/config/validate": false,
		"PUT /admin/loggers/a": false, "PUT /admin/loggers/a?scope=cluster": true,
		"POST /connectors": true, "PATCH /connectors/my-http/config": true, "DELETE /connectors/my-http": true,
		"GET " + cloud + "/connectors/my-http/offsets": false, "GET " + cloud + "/connectors/my-http/offsets/request/status": true,
	} {
		d.forwarded = nil
		w := sendAs(s, line, `{"a":1}`, "Role", "admin", "Follow", "1")
		if sent != (len(d.forwarded) == 1 && w.Code == http.StatusTeapot) {
			t.Errorf("%s: sent on %v, %d", line, d.forwarded, w.Code)
		}
		if strings.HasPrefix(line, "POST") && d.forwarded[0] != `POST /connectors {"a":1}` {
			t.Errorf("sent on as %s", d.forwarded)
		}
	}
	if sendAs(s, "POST /connectors", createNew, "Role", "viewer", "Follow", "1").Code != 403 {
		t.Error("sent on for a viewer")
	}
	if w := sendAs(s, "POST /connectors", createNew, "Role", "admin"); w.Code != 201 {
		t.Errorf("not sent on: %d %s", w.Code, w.Body)
	}
	if err := s.handler.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTheManagedServicesOffsets follows a request to its end.
func TestTheManagedServicesOffsets(t *testing.T) {
	b := sample()
	release := make(chan struct{})
	b.target = func(string, string) error { <-release; return nil }
	s := server(t, options(b))
	const request = "POST " + cloud + "/connectors/my-http/offsets/request"
	w := ask(s, request, `{"type":"PATCH","offsets":[{"partition":{"url":"u"},"offset":{"offset":1}}]}`)
	if w.Code != 202 || !strings.Contains(w.Body.String(), `"name":"my-http","offsets":[{"partition":{"url":"u"},"offset":{"offset":"1"}}],"requested_at":"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(s, request, `{"type":"DELETE"}`); w.Code != 409 || !strings.HasPrefix(w.Body.String(), `{"error":{"code":409,`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = ask(s, "GET "+cloud+"/connectors/my-http/offsets/request/status", "")
	if w.Code != 200 || !strings.HasSuffix(w.Body.String(), `"previous_offsets":[],"applied_at":null}`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	close(release)
	if err := s.book.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if w := ask(s, "GET "+cloud+"/connectors/my-http/offsets", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"metadata":{"observed_at":"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestTopicTrackingCanBeOff(t *testing.T) {
	opts := options(sample())
	opts.KeepTopics = true
	if w := ask(server(t, opts), "PUT /connectors/my-http/topics/reset", ""); w.Code != 403 || !strings.Contains(w.Body.String(), "Topic tracking reset is disabled.") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	opts.Topics = nil
	s := server(t, opts)
	for _, line := range []string{"GET /connectors/my-http/topics", "PUT /connectors/my-http/topics/reset"} {
		if w := ask(s, line, ""); w.Code != 403 || w.Body.String() != `{"error_code":403,"message":"Topic tracking is disabled."}` {
			t.Errorf("%s: %d %s", line, w.Code, w.Body)
		}
	}
}
