package gossip_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/internal/fault"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"google.golang.org/protobuf/proto"
)

func TestFiveWorkersSeeADeath(t *testing.T) {
	all := cluster(t, 5, nil)
	for i := range all {
		if s := all[0].State(fmt.Sprintf("w%d", i), "i"); s != gossip.Alive {
			t.Errorf("w%d is %s", i, s)
		}
	}
	if s := all[0].State("w1", "another"); s != gossip.Unknown {
		t.Errorf("an instance that never was is %s", s)
	}
	all[4].Close()
	begin := time.Now()
	for _, g := range all[:4] {
		await(t, g, 4*time.Second, "w4 is dead", func() bool { return g.State("w4", "i") == gossip.Dead })
	}
	t.Logf("all saw the death after %v", time.Since(begin))
	for _, g := range all[:4] {
		if n := alive(g); n != 4 {
			t.Errorf("%d are alive at %s: %s", n, g.Addr(), list(g))
		}
	}
}

func TestWhoSaysGoodbyeHasLeft(t *testing.T) {
	all := cluster(t, 3, nil)
	if err := all[2].Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	all[2].Close()
	for _, g := range all[:2] {
		await(t, g, time.Second, "w2 has left", func() bool { return g.State("w2", "i") == gossip.Left })
	}
	if s := all[2].State("w2", "i"); s != gossip.Left {
		t.Errorf("w2 thinks of itself as %s", s)
	}
	if err := all[2].Leave(t.Context()); err != nil {
		t.Errorf("leaving after the end: %v", err)
	}
}

func TestLeaveEndsWithItsContext(t *testing.T) {
	all := cluster(t, 2, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	begin := time.Now()
	_ = all[1].Leave(ctx)
	if d := time.Since(begin); d > 3*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestARestartedWorkerIsThereAtOnce(t *testing.T) {
	all := cluster(t, 3, nil)
	all[2].Close()
	c := config("w2", "later")
	c.Self.StartedUnixMs = 2
	again := start(t, c)
	again.Join([]string{all[0].Addr()})
	for _, g := range all[:2] {
		took := await(t, g, time.Second, "w2/later is alive", func() bool { return g.State("w2", "later") == gossip.Alive })
		t.Logf("there after %v", took)
	}
	await(t, all[0], 5*time.Second, "w2/i is dead", func() bool { return all[0].State("w2", "i") == gossip.Dead })
}

func TestOtherKeysAndClustersStayApart(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*gossip.Config)
		hint   string
	}{
		"another key":   {func(c *gossip.Config) { c.Key = []byte("another secret of some length") }, "gossip.key must be the same"},
		"no key":        {func(c *gossip.Config) { c.Key = nil }, "gossip.key must be the same"},
		"another label": {func(c *gossip.Config) { c.Label = "h" }, "group.id must be the same"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var logs [2]book
			all := [2]*gossip.Gossip{}
			for i := range all {
				conf := config(fmt.Sprintf("w%d", i), "i")
				conf.Log = logs[i].logger()
				if i == 1 {
					c.change(&conf)
				}
				all[i] = start(t, conf)
			}
			for i := range 3 {
				all[1].Join([]string{all[0].Addr()})
				logs[1].await(t, "memberlist: failed to join", i+1)
			}
			logs[0].await(t, c.hint, 1)
			for i, g := range all {
				if len(g.Peers()) != 1 {
					t.Errorf("w%d knows %s", i, list(g))
				}
			}
			for i := range logs {
				text := logs[i].String()
				if strings.Contains(text, secret) {
					t.Errorf("the log of w%d has the key", i)
				}
				if n := strings.Count(text, "level=WARN"); n > 3 {
					t.Errorf("w%d warns %d times:\n%s", i, n, text)
				}
			}
			if n := strings.Count(logs[0].String(), c.hint); n != 1 {
				t.Errorf("w0 gives the hint %d times:\n%s", n, logs[0].String())
			}
			if !strings.Contains(logs[1].String(), "gossip does not reach a worker") {
				t.Errorf("w1 does not say that it fails:\n%s", logs[1].String())
			}
		})
	}
}

func TestReleasedArrives(t *testing.T) {
	got := make(chan proto.Message, 1)
	all := cluster(t, 2, func(i int, c *gossip.Config) {
		if i == 1 {
			c.Received = func(m proto.Message) { got <- m }
		}
	})
	if err := all[0].Tell("w1", &headwaterv1.Released{Connector: "orders", Task: 3, Epoch: 7}); err != nil {
		t.Fatal(err)
	}
	select {
	case m := <-got:
		r, _ := m.(*headwaterv1.Released)
		if r.GetConnector() != "orders" || r.GetTask() != 3 || r.GetEpoch() != 7 {
			t.Errorf("got %v", r)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("nothing arrived")
	}
	if err := all[0].Tell("w9", &headwaterv1.Released{}); err == nil {
		t.Error("a worker that is not there was told")
	}
	if err := all[1].Tell("w0", &headwaterv1.Released{}); err != nil {
		t.Errorf("a worker that does not listen to it: %v", err)
	}
	all[1].Close()
	if err := all[0].Tell("w1", &headwaterv1.Released{}); fault.KindOf(err) != fault.Retriable {
		t.Errorf("a worker that just ended: %v", err)
	}
}

func TestUpdateArrives(t *testing.T) {
	all := cluster(t, 3, nil)
	all[2].Update(func(m *headwaterv1.Member) { m.Draining, m.Load, m.Name, m.Instance = true, 2.5, "x", "x" })
	for _, g := range all {
		await(t, g, 3*time.Second, "w2 drains", func() bool {
			for _, p := range g.Peers() {
				if p.Member.GetName() == "w2" && p.Member.GetInstance() == "i" && p.Member.GetDraining() && p.Member.GetLoad() == 2.5 && p.Member.GetGossip() == all[2].Addr() {
					return true
				}
			}
			return false
		})
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	taken := start(t, config("w0", "i"))
	for name, c := range map[string]struct {
		change func(*gossip.Config)
		want   string
	}{
		"no key off loopback":    {func(c *gossip.Config) { c.Listener, c.Key = "0.0.0.0:0", nil }, "gossip.key"},
		"no key, all addresses":  {func(c *gossip.Config) { c.Listener, c.Key = ":0", nil }, "openssl rand"},
		"a short key":            {func(c *gossip.Config) { c.Key = []byte("fifteen letters") }, "gossip.key has 15 bytes"},
		"not an address":         {func(c *gossip.Config) { c.Listener = "here" }, "gossip.listener"},
		"not a port":             {func(c *gossip.Config) { c.Listener = "127.0.0.1:seventy" }, "gossip.listener"},
		"a taken port":           {func(c *gossip.Config) { c.Listener = taken.Addr() }, "gossip.listener"},
		"no name":                {func(c *gossip.Config) { c.Self.Name = "" }, "worker.name"},
		"nobody":                 {func(c *gossip.Config) { c.Self = nil }, "worker.name"},
		"a long name":            {func(c *gossip.Config) { c.Self.Name = strings.Repeat("n", 600) }, "shorten worker.name, it has 600 bytes"},
		"a long URL":             {func(c *gossip.Config) { c.Self.Url = strings.Repeat("u", 500) }, "shorten rest.advertised.host.name"},
		"a name that is no text": {func(c *gossip.Config) { c.Self.Name = "\xff" }, "UTF-8"},
		"a long label":           {func(c *gossip.Config) { c.Label = strings.Repeat("l", 256) }, "group.id"},
	} {
		t.Run(name, func(t *testing.T) {
			conf := config("w1", "i")
			c.change(&conf)
			g, err := gossip.Start(conf)
			if err == nil {
				g.Close()
				t.Fatal("it started")
			}
			if _, ok := errors.AsType[*fault.Error](err); !ok || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v does not say %q", err, c.want)
			}
		})
	}
}

func TestAChangeThatIsTooLongIsUndone(t *testing.T) {
	var logs book
	c := config("w0", "i")
	c.Log = logs.logger()
	g := start(t, c)
	g.Update(func(m *headwaterv1.Member) { m.Url = strings.Repeat("u", 600) })
	if u := g.Peers()[0].Member.GetUrl(); u != "http://w0" {
		t.Errorf("the URL is %q now", u)
	}
	if !strings.Contains(logs.String(), "rest.advertised.host.name") {
		t.Errorf("the log does not say what is too long: %s", logs.String())
	}
}

func TestLoopbackNeedsNoKey(t *testing.T) {
	for _, listener := range []string{"127.0.0.1:0", "localhost:0"} {
		c := config("w0", "i")
		c.Listener, c.Key = listener, nil
		g := start(t, c)
		if !strings.HasPrefix(g.Addr(), "127.0.0.1:") || strings.HasSuffix(g.Addr(), ":0") {
			t.Errorf("%s is told as %s", listener, g.Addr())
		}
	}
}

func TestListeningEverywhereTellsTheHostOfTheURL(t *testing.T) {
	c := config("w0", "i")
	c.Listener, c.Self.Url = "0.0.0.0:0", "http://127.0.0.1:8083"
	if g := start(t, c); !strings.HasPrefix(g.Addr(), "127.0.0.1:") {
		t.Errorf("it is told as %s", g.Addr())
	}
}

func TestStartAndStopAllAtOnce(t *testing.T) {
	fixed := start(t, config("fixed", "i"))
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			for k := range 5 {
				c := config(fmt.Sprintf("w%d", i), fmt.Sprint(k))
				g, err := gossip.Start(c)
				if err != nil {
					t.Error(err)
					return
				}
				g.Join([]string{fixed.Addr()})
				g.Update(func(m *headwaterv1.Member) { m.Load = float64(k) })
				if k > 1 && !soon(g, func() bool { return g.State("fixed", "i") == gossip.Alive }) {
					t.Errorf("w%d/%d does not see fixed", i, k)
				}
				if err := g.Tell("fixed", &headwaterv1.Released{}); k > 1 && err != nil {
					t.Error(err)
				}
				if k%2 == 0 {
					_ = g.Leave(t.Context())
				}
				var both sync.WaitGroup
				both.Go(g.Close)
				both.Go(g.Close)
				both.Wait()
				g.Join([]string{fixed.Addr()})
				g.Update(func(m *headwaterv1.Member) { m.Load = 0 })
			}
		})
	}
	all.Wait()
}
