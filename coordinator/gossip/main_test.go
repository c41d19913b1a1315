package gossip_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/headwater/headwater/coordinator/gossip"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "correct horse battery staple"

// book keeps what was logged.
type book struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	wrote chan struct{} // closed and replaced at each line
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wrote != nil {
		close(b.wrote)
	}
	b.wrote = make(chan struct{})
	return b.buf.Write(p)
}

// await waits until it was written that many times.
func (b *book) await(t *testing.T, text string, times int) {
	t.Helper()
	end := time.After(10 * time.Second)
	for {
		b.mu.Lock()
		if b.wrote == nil {
			b.wrote = make(chan struct{})
		}
		n, next := strings.Count(b.buf.String(), text), b.wrote
		b.mu.Unlock()
		if n >= times {
			return
		}
		select {
		case <-next:
		case <-end:
			t.Fatalf("%q was written %d times, want %d:\n%s", text, n, times, b)
		}
	}
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *book) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func config(name, instance string) gossip.Config {
	return gossip.Config{
		Listener: "127.0.0.1:0", Key: []byte(secret), Label: "g",
		Self: &headwaterv1.Member{Name: name, Instance: instance, Url: "http://" + name, Protocol: 1, StartedUnixMs: 1},
	}
}

func start(t *testing.T, c gossip.Config) *gossip.Gossip {
	t.Helper()
	g, err := gossip.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// cluster starts n workers, w0 to w<n-1>, all joined to the first.
func cluster(t *testing.T, n int, change func(int, *gossip.Config)) []*gossip.Gossip {
	t.Helper()
	var all []*gossip.Gossip
	t.Cleanup(func() {
		var closing sync.WaitGroup
		for _, g := range all {
			closing.Go(g.Close)
		}
		closing.Wait()
	})
	for i := range n {
		c := config(fmt.Sprintf("w%d", i), "i")
		if change != nil {
			change(i, &c)
		}
		g, err := gossip.Start(c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
		if i > 0 {
			g.Join([]string{all[0].Addr()})
		}
	}
	for _, g := range all {
		await(t, g, 5*time.Second, fmt.Sprintf("all %d are alive", n), func() bool { return alive(g) == n })
	}
	return all
}

func alive(g *gossip.Gossip) (n int) {
	for _, p := range g.Peers() {
		if p.State == gossip.Alive {
			n++
		}
	}
	return n
}

// await waits for what is to become true, looking at each change, and returns how long it took.
func await(t *testing.T, g *gossip.Gossip, most time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	if !within(g, most, ok) {
		t.Fatalf("%s: not after %v; peers of %s: %s", what, most, g.Addr(), list(g))
	}
	return time.Since(begin)
}

// soon is await for goroutines other than the test's.
func soon(g *gossip.Gossip, ok func() bool) bool { return within(g, 10*time.Second, ok) }

func within(g *gossip.Gossip, most time.Duration, ok func() bool) bool {
	end := time.After(most)
	for {
		next := g.Changed()
		if ok() {
			return true
		}
		select {
		case <-next:
		case <-end:
			return false
		}
	}
}

func list(g *gossip.Gossip) string {
	var b strings.Builder
	for _, p := range g.Peers() {
		fmt.Fprintf(&b, "%s/%s=%s ", p.Member.GetName(), p.Member.GetInstance(), p.State)
	}
	return b.String()
}
