package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
)

func object(config map[string]string) string {
	b, _ := json.Marshal(config)
	return string(b)
}

// FuzzCreateBody sends any body. Whatever comes, the answer is JSON, and what is taken reads the same when it is sent again.
func FuzzCreateBody(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a","config":{"connector.class":"HttpSource"}}`, `{"name":"a","config":{"n":1e400,"b":false,"z":null}}`,
		`{"config":[]}`, `[`, ``, `null`, `{"name":"\ud83d"}`, "{\"name\":\"\xff\"}", `{"name":"a","config":{"a":"\u0000"},"initial_state":"paused"}`,
	} {
		f.Add(seed)
	}
	s := server(f, options(sample()))
	f.Fuzz(func(t *testing.T, body string) {
		w := ask(s, "POST /connectors", body+" ")
		if !json.Valid(w.Body.Bytes()) || w.Code >= http.StatusInternalServerError {
			t.Fatalf("%d %q", w.Code, w.Body)
		}
		req, err := parseCreate([]byte(body))
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusBadRequest {
				t.Fatalf("%v is no 400", err)
			}
			return
		}
		again, err := parseConfig([]byte(object(req.Config)))
		if err != nil || object(again) != object(req.Config) {
			t.Fatalf("%q came back as %q, %v", req.Config, again, err)
		}
	})
}
