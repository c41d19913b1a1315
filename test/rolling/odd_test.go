package rolling

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/feed"
	"github.com/headwater/headwater/test/rolling/fleet"
)

// TestOddStates brings a running cluster into states that nobody plans: the workers go on, and what is wrong is said.
func TestOddStates(t *testing.T) {
	binary := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	s := newScene(t, kafka.Shared(t, *version).Bootstrap, binary)
	f := s.serve(feed.Config{Connectors: 4, APIs: 3, Interval: 200 * time.Millisecond})
	s.up(ctx, workers(3)...)
	s.create(ctx, "w1", f)
	s.even(ctx, "w1")
	for _, c := range []struct {
		name string
		odd  func(context.Context, *feed.Feed)
	}{
		{"duplicate worker name", s.duplicate},
		{"corrupt config record", s.corruptConfig},
		{"corrupt assignment record", s.corruptAssignment},
		{"two leaders", s.twoLeaders},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := s.t
			s.t = t
			defer func() { s.t = whole }()
			c.odd(ctx, f)
			s.fail(s.polled(ctx, time.Now(), f.APIs(), settled))
			s.together(ctx, "w1")
			s.even(ctx, "w2")
		})
	}
	s.verdict(s.judge(ctx), "3 workers, 12 APIs at 200ms: two leaders, corrupt config and assignment records, duplicate worker name", "")
}

// retries is a property whose change shows in a connector's configuration and harms nothing.
const retries = "api1.max.retries"

// twoLeaders freezes the leader until another leads, has both told to change a connector, and thaws it: what the new leader
// took stands everywhere, and what the old one was told is either done by the new one or refused.
func (s *scene) twoLeaders(ctx context.Context, f *feed.Feed) {
	s.t.Helper()
	old := s.leader(ctx, "w1")
	awake := s.fleet.Others(old)[0]
	s.fail(s.fleet.Worker(old).Stop())
	s.fail(fleet.Await(ctx, settled, "another leader", func(ctx context.Context) error {
		c, err := s.fleet.Worker(awake).Cluster(ctx)
		if err == nil && (c.Leader == old || c.Leader == "") {
			err = fmt.Errorf("the leader is %q", c.Leader)
		}
		return err
	}))
	first, second := f.Names()[0], f.Names()[1]
	s.fail(fleet.Await(ctx, settled, "a change through the new leader", func(ctx context.Context) error {
		return s.fleet.Worker(awake).Put(ctx, first, with(f.Properties(first), retries, "77"))
	}))
	answer := make(chan error, 1)
	go func() { // it waits in the old leader's socket until that wakes
		answer <- s.fleet.Worker(old).Put(ctx, second, with(f.Properties(second), retries, "88"))
	}()
	time.Sleep(200 * time.Millisecond) // lets the request reach the socket; more would change nothing
	s.fail(s.fleet.Worker(old).Continue())
	said := <-answer
	s.t.Logf("the old leader was told to change a connector and said: %v", said)
	s.shows(ctx, first, "77")
	if said == nil {
		s.shows(ctx, second, "88")
	}
	s.together(ctx, awake)
	if a, b := s.leader(ctx, awake), s.leader(ctx, old); a != b || a == old {
		s.t.Errorf("%s says that %s leads, %s says %s", awake, a, old, b)
	}
}

func with(p map[string]string, key, value string) map[string]string {
	p[key] = value
	return p
}

// shows waits until every worker shows the value of retries in a connector's configuration.
func (s *scene) shows(ctx context.Context, name, want string) {
	s.t.Helper()
	for _, w := range s.fleet.Names() {
		s.fail(fleet.Await(ctx, settled, w+" to show the new configuration", func(ctx context.Context) error {
			var config map[string]string
			_, err := s.fleet.Worker(w).Call(ctx, http.MethodGet, "/connectors/"+name+"/config", nil, &config)
			if err == nil && config[retries] != want {
				err = fmt.Errorf("%s is %q, want %q", retries, config[retries], want)
			}
			return err
		}))
	}
}

// corruptConfig writes what is no configuration; connectors can still be changed afterwards.
func (s *scene) corruptConfig(ctx context.Context, f *feed.Feed) {
	s.t.Helper()
	topic, key := s.name+"-configs", "connector-"+s.name+"-broken"
	s.produce(ctx, topic, key, "{not json")
	s.produce(ctx, topic, "connector-"+f.Names()[3], `{"properties":`)
	s.produce(ctx, topic, "\xff\x00nonsense", "\x00\xff")
	s.complained(ctx, key)
	s.fail(s.fleet.Worker("w2").Put(ctx, f.Names()[2], with(f.Properties(f.Names()[2]), retries, "66")))
	s.shows(ctx, f.Names()[2], "66")
}

// corruptAssignment overwrites the row of a task that runs, and adds rows of nothing: the leader writes what is true again.
func (s *scene) corruptAssignment(ctx context.Context, f *feed.Feed) {
	s.t.Helper()
	topic, key := s.name+"-assignments", "task/"+f.Names()[0]+"/0"
	s.produce(ctx, topic, "task/nonsense", "\xff\xff\xff")
	s.produce(ctx, topic, key, "\xff\xff\xff\xff")
	s.produce(ctx, topic, "\x00\xff", "")
	s.complained(ctx, key)
	s.even(ctx, "w1")
}

func (s *scene) produce(ctx context.Context, topic, key, value string) {
	s.t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(s.bootstrap))
	s.fail(err)
	defer c.Close()
	s.fail(c.ProduceSync(ctx, &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}).FirstErr())
}

// complained waits until a worker's log has a warning or an error that names the key of a bad record.
func (s *scene) complained(ctx context.Context, key string) {
	s.t.Helper()
	err := fleet.Await(ctx, 10*time.Second, "a warning about the record "+key, func(context.Context) error {
		for _, w := range s.fleet.Names() {
			for line := range strings.Lines(s.fleet.Worker(w).Text()) {
				if strings.Contains(line, key) && (strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR")) {
					s.t.Logf("%s: %s", w, strings.TrimSpace(line))
					return nil
				}
			}
		}
		return fmt.Errorf("no worker has said so")
	})
	if err != nil {
		s.t.Error(err)
	}
}

// duplicate starts a second worker of a name that is taken: it ends, the first one goes on.
func (s *scene) duplicate(ctx context.Context, _ *feed.Feed) {
	s.t.Helper()
	first := s.fleet.Worker("w2")
	second, err := s.fleet.Start("w2", nil)
	s.fail(err)
	s.fleet.Keep(first)
	s.ends(second, "w2", "worker.name")
	if first.Ended() {
		s.t.Fatalf("the first worker of that name ended; %s", first.Tail(5))
	}
}

// ends waits for a worker to end by itself with the code for surroundings that do not fit, and a message.
func (s *scene) ends(w *fleet.Worker, says ...string) {
	s.t.Helper()
	select {
	case <-w.Done():
	case <-time.After(settled):
		err := w.Kill()
		s.t.Errorf("%s did not end within %s (%v); %s", w.Name, settled, err, w.Tail(8))
		return
	}
	if code := w.ExitCode(); code != 3 {
		s.t.Errorf("%s ended with code %d, want 3; %s", w.Name, code, w.Tail(8))
	}
	lines := strings.Split(strings.TrimSpace(w.Text()), "\n")
	s.t.Log(lines[len(lines)-1])
	for _, part := range says {
		if !strings.Contains(lines[len(lines)-1], part) {
			s.t.Errorf("%q is not in %s's last words: %s", part, w.Name, w.Tail(3))
		}
	}
}
