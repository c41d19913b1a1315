package source

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// TestWatchIsKept: attempts that go well share a watch, for as long as their caller's context is the same and alive.
func TestWatchIsKept(t *testing.T) {
	s := serve(t, answer(200, `{"data":[1]}`))
	c, r := client(t, s.URL), get(t, s.URL)
	fetch := func(ctx context.Context) *watch {
		if _, err := c.Fetch(ctx, r); err != nil {
			t.Fatal(err)
		}
		return c.kept.watch.Load()
	}
	first := fetch(t.Context())
	if second := fetch(t.Context()); first == nil || second != first {
		t.Errorf("%p, then %p", first, second)
	}
	ctx, cancel := context.WithCancel(t.Context())
	other := fetch(ctx)
	if other == first || first.ctx.Err() == nil {
		t.Error("the watch of another context was taken, or not given back")
	}
	cancel()
	if again := fetch(t.Context()); again == other || again.ctx.Err() != nil {
		t.Error("a watch outlived its context")
	}
}

// TestLateWatch: a timer that fires as its attempt ends well does not end the next.
func TestLateWatch(t *testing.T) {
	s := serve(t, answer(200, `{"data":[1]}`))
	c := client(t, s.URL)
	w := c.startWatch(t.Context())
	fired, late := make(chan bool), make(chan bool)
	w.timer.Stop()
	w.timer = time.AfterFunc(0, func() { fired <- true; <-late; w.expire() })
	<-fired
	c.endWatch(w, true)
	if c.kept.watch.Load() != nil {
		t.Error("kept")
	}
	close(late)
	if _, err := c.Fetch(t.Context(), get(t, s.URL)); err != nil {
		t.Error(err)
	}
}

// TestWatchAfterTimeout: an attempt that stood still takes its watch along.
func TestWatchAfterTimeout(t *testing.T) {
	stall := make(chan bool, 1)
	stall <- true
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-stall:
			<-r.Context().Done()
		default:
			_, _ = w.Write([]byte(`{"data":[1]}`))
		}
	})
	c := client(t, s.URL, func(s *setting) { s.api.RequestTimeout = 50 * time.Millisecond })
	if _, err := c.Fetch(t.Context(), get(t, s.URL)); err == nil || c.kept.watch.Load() != nil {
		t.Errorf("%v, kept %v", err, c.kept.watch.Load())
	}
	if _, err := c.Fetch(t.Context(), get(t, s.URL)); err != nil {
		t.Error(err)
	}
}

// TestFieldsFollowTheRequest: the headers kept from one hop are not those of another.
func TestFieldsFollowTheRequest(t *testing.T) {
	var got []string
	note := func(r *http.Request) { got = append(got, r.Header.Get("X-Item")+" "+r.Header.Get("Authorization")) }
	away := serve(t, func(w http.ResponseWriter, r *http.Request) { note(r); answer(200, `{"data":[1]}`)(w, r) })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		if r.URL.Path == "/away" {
			http.Redirect(w, r, away.URL, http.StatusFound)
			return
		}
		answer(200, `{"data":[1]}`)(w, r)
	})
	c := client(t, s.URL, func(s *setting) {
		s.Connector.Auth = connector.Auth{Type: connector.AuthBearer, Token: connector.NewSecret("tttt")}
		s.Connector.Whitelist = []string{"127.0.0.1"}
	})
	for _, ask := range []struct{ path, item string }{{"/", "a"}, {"/", "a"}, {"/away", "a"}, {"/", "a"}, {"/", "b"}} {
		r := get(t, s.URL+ask.path)
		r.Header = []poll.Header{{Name: "X-Item", Value: ask.item}}
		if _, err := c.Fetch(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"a Bearer tttt", "a Bearer tttt", "a Bearer tttt", " ", "a Bearer tttt", "b Bearer tttt"}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
