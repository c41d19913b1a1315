package api

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func startAndStop(t *testing.T, listener string) error {
	opts := options(sample())
	opts.Listener = listener
	s, err := New(opts)
	if err != nil {
		return err
	}
	if err := s.Start(t.Context()); err != nil {
		return err
	}
	return s.Stop(t.Context())
}

func TestWhatIsNeededMustBeThere(t *testing.T) {
	for name, take := range map[string]func(*Options){
		"Reader": func(o *Options) { o.Reader = nil }, "Writer": func(o *Options) { o.Writer = nil },
		"Mask": func(o *Options) { o.Mask = nil }, "Health": func(o *Options) { o.Health = nil },
	} {
		opts := options(sample())
		take(&opts)
		if _, err := New(opts); err == nil {
			t.Errorf("a server without %s", name)
		}
	}
}

func get(t *testing.T, s *Server, path string) (int, error) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + s.Addr() + path)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

func TestStartAndStop(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := server(t, options(sample()))
	if s.Addr() != "" || s.Wait() != nil || s.Stop(t.Context()) != nil {
		t.Error("a server that was never started must say so and stop without error")
	}
	for range 2 { // it may be started again
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if code, err := get(t, s, "/connectors"); code != 200 || err != nil {
			t.Errorf("%d, %v", code, err)
		}
		if s.Start(t.Context()) == nil {
			t.Error("started twice")
		}
		waited := make(chan error)
		go func() { waited <- s.Wait() }()
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-waited; err != nil {
			t.Error(err)
		}
	}
}

func TestAPortInUseIsNamed(t *testing.T) {
	first := server(t, options(sample()))
	if err := first.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Stop(t.Context()) }()
	err := startAndStop(t, "http://"+first.Addr())
	if err == nil || !strings.Contains(err.Error(), first.Addr()) || !strings.Contains(err.Error(), "another worker") {
		t.Errorf("got %v", err)
	}
}

// TestStopCutsWhatHangs stops a server whose request waits for its context.
func TestStopCutsWhatHangs(t *testing.T) {
	defer goleak.VerifyNone(t)
	b := sample()
	entered := make(chan struct{})
	b.create = func(ctx context.Context, _ string, _ map[string]string, _ string) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}
	s := server(t, options(b))
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked := make(chan error)
	go func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Post("http://"+s.Addr()+"/connectors", "application/json", strings.NewReader(createNew))
		if err == nil {
			err = resp.Body.Close()
		}
		asked <- err
	}()
	<-entered
	if err := s.Stop(expired(t)); err == nil {
		t.Error("a request was cut and Stop did not say so")
	}
	<-asked
	if err := s.handler.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestStress starts and stops one shared server and one of its own from each of ten goroutines.
func TestStress(t *testing.T) {
	defer goleak.VerifyNone(t)
	shared := server(t, options(sample()))
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			own := server(t, options(sample()))
			for range 50 {
				cycle(t, own)
				_ = shared.Start(t.Context()) // another goroutine may have started it
				if err := shared.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if shared.Addr() != "" {
		t.Error("it still runs")
	}
}

func cycle(t *testing.T, s *Server) {
	if err := s.Start(t.Context()); err != nil {
		t.Error(err)
	}
	if code, err := get(t, s, "/health"); code != 200 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

var update = flag.Bool("update", false, "write the table of docs/reference/rest.md anew")

// TestReferencePage compares the table of the page with the routes: go test ./internal/api -run TestReferencePage -update
func TestReferencePage(t *testing.T) {
	const name = "../../docs/reference/rest.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), "\n| method")
	_, tail, ok2 := strings.Cut(rest, "\n\n")
	if !ok || !ok2 {
		t.Fatal("the page has no table that begins with method and ends with an empty line")
	}
	want := head + "\n" + table(server(t, options(sample())).routes()) + "\n" + tail
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(page) {
		t.Errorf("%s is not what the routes say; run go test ./internal/api -run TestReferencePage -update", name)
	}
}

func table(routes []route) string {
	var b strings.Builder
	b.WriteString("| method | path | what it does | role | answered by |\n|---|---|---|---|---|\n")
	for _, rt := range routes {
		by := "any"
		switch {
		case rt.leader:
			by = "leader"
		case rt.leaderIf != nil:
			by = "any; for the cluster the leader"
		}
		path := strings.Replace(strings.TrimSuffix(rt.pattern, "{$}"), managedAll, "…/connectors", 1)
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", rt.method, path, rt.about, rt.role, by)
	}
	return b.String()
}
