package rolling

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/feed"
)

// Versions of the two builds. The next one has a field more in what workers tell each other, and a call more in its REST
// API (build tag next).
const (
	versionN    = "1.0.0-n"
	versionNext = "1.1.0-next"
	addedCall   = "/headwater/v1/next"
)

// TestTwoBuilds swaps a build for the next one worker by worker under load, and back again. In between both work side by
// side, and a connector's configuration is changed through either.
func TestTwoBuilds(t *testing.T) {
	present := build(t, "-ldflags", "-X main.Version="+versionN)
	next := build(t, "-tags", "next", "-ldflags", "-X main.Version="+versionNext)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s := newScene(t, kafka.Shared(t, *version).Bootstrap, present)
	f := s.serve(feed.Config{Connectors: 4, APIs: 3, Interval: 200 * time.Millisecond})
	s.up(ctx, workers(3)...)
	s.create(ctx, "w2", f)
	s.even(ctx, "w2")
	s.measure(ctx, "w1", f.Interval())
	ask := "w1"
	for _, b := range []struct{ binary, version string }{{next, versionNext}, {present, versionN}} {
		s.fleet.Binary = b.binary
		for i, at := range s.rng.Perm(3) {
			name := workers(3)[at]
			s.mark(ctx, ask, name+" "+b.version)
			s.restart(ctx, name)
			ask = name
			s.speaks(ctx, name, b.version)
			if i == 0 { // both builds are there
				s.change(ctx, f, name)
				s.change(ctx, f, s.fleet.Others(name)[0])
			}
		}
	}
	s.fail(s.polled(ctx, time.Now(), f.APIs(), settled))
	m := s.measured(ctx, ask)
	s.verdict(s.judge(ctx), fmt.Sprintf("3 workers, 12 APIs at 200ms, %s to %s and back in %s, %s",
		versionN, versionNext, m.length.Round(time.Second), m), "")
	s.within(m)
}

// speaks checks that a worker is of a build, and that others know it too.
func (s *scene) speaks(ctx context.Context, name, version string) {
	s.t.Helper()
	other := s.fleet.Others(name)[0]
	for _, m := range s.together(ctx, other).Workers {
		if m.Name == name && m.Version != version {
			s.t.Errorf("%s says that %s has version %q, want %q", other, name, m.Version, version)
		}
	}
	want := http.StatusOK
	if version == versionN {
		want = http.StatusNotFound
	}
	if status, err := s.fleet.Worker(name).Call(ctx, http.MethodGet, addedCall, nil, nil); status != want {
		s.t.Errorf("GET %s of %s (%s): %d, want %d: %v", addedCall, name, version, status, want, err)
	}
}

// change replaces a connector's configuration through a worker; its APIs go on.
func (s *scene) change(ctx context.Context, f *feed.Feed, through string) {
	s.t.Helper()
	name := f.Names()[s.rng.IntN(len(f.Names()))]
	p := f.Properties(name)
	p["api1.max.retries"] = fmt.Sprint(6 + s.rng.IntN(100))
	at := time.Now()
	s.fail(s.fleet.Worker(through).Put(ctx, name, p))
	s.fail(s.polled(ctx, at, f.APIs(), settled))
}
