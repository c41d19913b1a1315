package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/internal/api/call"
)

func TestPagesOfOtherSitesAreRefused(t *testing.T) {
	opts := options(sample())
	opts.Listener = "http://Worker-One:8083"
	s := server(t, opts)
	for name, c := range map[string]struct {
		host   string
		header [2]string
		code   int
	}{
		"localhost":           {"localhost:8083", [2]string{}, 200},
		"loopback":            {"127.0.0.9:1", [2]string{}, 200},
		"IPv6":                {"[::1]:8083", [2]string{}, 200},
		"IPv6 without port":   {"[::1]", [2]string{}, 200},
		"listener's own name": {"worker-one:8083", [2]string{}, 200},
		"HTTP/1.0 probe":      {"", [2]string{}, 200},
		"rebound name":        {"evil.example:8083", [2]string{}, 403},
		"local in a name":     {"localhost.evil.example", [2]string{}, 403},
		"other address":       {"10.0.0.1:8083", [2]string{}, 403},
		"own page":            {"localhost:8083", [2]string{"Origin", "http://localhost:8083"}, 200},
		"foreign page":        {"localhost:8083", [2]string{"Origin", "https://evil.example"}, 403},
		"other port":          {"localhost:8083", [2]string{"Origin", "http://localhost:3000"}, 403},
		"sandboxed page":      {"localhost:8083", [2]string{"Origin", "null"}, 403},
		"foreign image":       {"localhost:8083", [2]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"typed in":            {"localhost:8083", [2]string{"Sec-Fetch-Site", "none"}, 200},
	} {
		r := httptest.NewRequest(http.MethodGet, "/connectors", nil)
		r.Host = c.host
		if c.header[0] != "" {
			r.Header.Set(c.header[0], c.header[1])
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != c.code {
			t.Errorf("%s: got %d, want %d", name, w.Code, c.code)
		}
	}
}

func TestBodies(t *testing.T) {
	s := server(t, options(sample()))
	const small = `{"name":"new","config":{"connector.class":"HttpSource"}}`
	for name, c := range map[string]struct {
		kind, body string
		code       int
	}{
		"JSON":         {"application/json", small, 201},
		"with charset": {"application/json; charset=utf-8", small, 201},
		"form":         {"application/x-www-form-urlencoded", small, 415},
		"text":         {"text/plain", small, 415},
		"none":         {"", small, 415},
		"empty":        {"application/json", "", 400},
		"1 MiB":        {"application/json", small + strings.Repeat(" ", 1<<20-len(small)), 201},
		"a byte more":  {"application/json", small + strings.Repeat(" ", 1<<20-len(small)+1), 413},
	} {
		r := httptest.NewRequest(http.MethodPost, "/connectors", strings.NewReader(c.body))
		r.Host = "localhost"
		r.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != c.code {
			t.Errorf("%s: got %d %s, want %d", name, w.Code, w.Body, c.code)
		}
	}
}

const createNew = `{"name":"new","config":{"connector.class":"HttpSource"}}`

// TestACallThatHangsIsAnswered blocks the Writer beyond the limit, though its context is over.
func TestACallThatHangsIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sample()
		release := make(chan struct{})
		b.create = func(context.Context, string, map[string]string, string) error {
			<-release
			return nil
		}
		s := server(t, options(b))
		start := time.Now()
		w := ask(s, "POST /connectors", createNew)
		if w.Code != 500 || !strings.Contains(w.Body.String(), `"Request timed out. `) || time.Since(start) != call.Limit {
			t.Errorf("%d %s after %s", w.Code, w.Body, time.Since(start))
		}
		if err := s.handler.Drain(expired(t)); err == nil {
			t.Error("the call still runs and must still hold its place")
		}
		close(release)
		if err := s.handler.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func expired(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// TestTooManyAtOnce fills the server with calls that hang: further ones are sent away, probes are not.
func TestTooManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sample()
		b.create = func(ctx context.Context, _ string, _ map[string]string, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}
		s := server(t, options(b))
		codes := make(chan int, call.MaxCalls)
		for range call.MaxCalls {
			go func() { codes <- ask(s, "POST /connectors", createNew).Code }()
		}
		synctest.Wait()
		if w := ask(s, "GET /connectors", ""); w.Code != 503 || w.Header().Get("Retry-After") != "1" {
			t.Errorf("one too many: %d %s", w.Code, w.Body)
		}
		if w := ask(s, "GET /health", ""); w.Code != 200 {
			t.Errorf("health: %d %s", w.Code, w.Body)
		}
		for range call.MaxCalls {
			if code := <-codes; code != 500 {
				t.Errorf("a hanging call ended with %d", code)
			}
		}
		synctest.Wait()
		if w := ask(s, "GET /connectors", ""); w.Code != 200 {
			t.Errorf("afterwards: %d %s", w.Code, w.Body)
		}
	})
}

func TestHealth(t *testing.T) {
	const sick = `{"status":"unhealthy","message":"Worker was unable to handle this request and may be unable to handle other requests.`
	for name, c := range map[string]struct {
		health func(context.Context) (Stage, error)
		code   int
		want   string
		after  time.Duration
	}{
		"starting": {
			func(context.Context) (Stage, error) { return Stage{Detail: "Reading the config topic."}, nil },
			503, `{"status":"starting","message":"Worker is still starting up. Reading the config topic."}`, 0,
		},
		"failed": {
			func(context.Context) (Stage, error) { return Stage{}, errors.New("out of order") },
			500, sick + ` out of order"}`, 0,
		},
		"hangs": {
			func(ctx context.Context) (Stage, error) { <-ctx.Done(); time.Sleep(time.Second); return Stage{}, nil },
			500, sick + ` the worker did not answer within 10s: context deadline exceeded"}`, healthLimit,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			opts := options(sample())
			opts.Health = c.health
			start := time.Now()
			s := server(t, opts)
			w := ask(s, "GET /health", "")
			if w.Code != c.code || w.Body.String() != c.want || time.Since(start) != c.after {
				t.Errorf("%s: %d %s after %s", name, w.Code, w.Body, time.Since(start))
			}
			if err := s.handler.Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPanicIsOneRequestsLoss(t *testing.T) {
	b := sample()
	b.create = func(context.Context, string, map[string]string, string) error { panic(canary) }
	s := server(t, options(b))
	for range call.MaxCalls + 1 {
		if w := ask(s, "POST /connectors", createNew); w.Code != 500 || strings.Contains(w.Body.String(), canary) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}
