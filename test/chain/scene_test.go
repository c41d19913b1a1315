package chain

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/chain/audit"
	"github.com/headwater/headwater/test/chain/tree"
	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/fleet"
)

const (
	// session is session.timeout.ms of every worker.
	session = 6 * time.Second
	// settled bounds waits for things that take a second or two when all is well.
	settled = 45 * time.Second
	// leaving bounds a worker's end after SIGTERM.
	leaving = 30 * time.Second
	// still is how long a crawl may stand still before it is given up.
	still = time.Minute
)

// nameVariable tells each worker its name and which life of it this is, as w1.2, for the header X-Worker that it sends.
const nameVariable = "HEADWATER_CHAIN_WORKER"

// contents are what is to be crawled by now: the records, by tree.Key, and the ids of what has a list of its own.
type contents interface {
	Records() int
	Items() int
	All() map[string][]byte
	Lists() []string
}

// scene is an API of three levels, the cluster that crawls it, and the watch over what comes of it.
type scene struct {
	t         *testing.T
	name      string // of the group, the connector and, as their first part, of all topics
	bootstrap string
	base      string            // of the API's addresses
	apis      map[string]string // their properties
	rng       *rand.Rand
	contents  contents
	tree      *tree.Server // when it is the API
	fleet     *fleet.Fleet
	watch     *audit.Watch // from create on
	lives     map[string]int
	struck    struck
	moved     int // records there were at the last call of moves
}

// newScene serves a tree and prepares a cluster; nothing runs yet.
func newScene(t *testing.T, api *tree.Server) *scene {
	t.Helper()
	s := newCluster(t, api)
	s.tree, s.base, s.apis = api, s.serve(api), treeAPIs()
	return s
}

// newCluster prepares a cluster; the API is still to be served.
func newCluster(t *testing.T, all contents) *scene {
	t.Helper()
	binary := build(t)
	dir, err := os.MkdirTemp("", "headwater-chain-")
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{
		t: t, name: kafka.Name(t), bootstrap: kafka.Shared(t, *version).Bootstrap, rng: rand.New(rand.NewPCG(*seed, 9)),
		contents: all, struck: struck{}, lives: map[string]int{},
	}
	s.fleet = &fleet.Fleet{
		Binary: binary, Bootstrap: s.bootstrap, Group: s.name, Dir: dir, Own: s.own,
		Properties: map[string]string{
			"config.providers": "env", "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
			"config.providers.env.param.allowlist.pattern": nameVariable,
		},
	}
	if *broken != "" {
		s.fleet.Env = []string{"HEADWATER_BREAK=" + *broken}
	}
	t.Cleanup(func() {
		_ = s.fleet.Kill()
		if !t.Failed() && !*keep {
			_ = os.RemoveAll(dir)
		}
	})
	kafka.CreateTopic(t, s.bootstrap, s.name+"-offsets", 5, map[string]string{"cleanup.policy": "compact"})
	return s
}

func (s *scene) own(name string) []string {
	s.lives[name]++
	return []string{fmt.Sprintf("%s=%s.%d", nameVariable, name, s.lives[name])}
}

// serve answers requests on loopback until the end of the test.
func (s *scene) serve(h http.Handler) string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.fail(err)
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	s.t.Cleanup(func() { _ = server.Close() })
	return "http://" + l.Addr().String()
}

// fail ends the test when something could not be done; the workers' files stay.
func (s *scene) fail(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v\nfiles of the workers: %s%s", err, s.fleet.Dir, s.complaints())
	}
}

// complaints are the last warnings and errors of each worker, for who reads a failed run.
func (s *scene) complaints() string {
	var out strings.Builder
	for _, name := range s.fleet.Names() {
		var bad []string
		for line := range strings.Lines(s.fleet.Worker(name).Text()) {
			if !strings.Contains(line, "level=INFO") && !strings.Contains(line, "level=DEBUG") {
				bad = append(bad, strings.TrimSpace(line))
			}
		}
		fmt.Fprintf(&out, "\n%s:\n  %s", name, strings.Join(bad[max(0, len(bad)-6):], "\n  "))
	}
	return out.String()
}

func (s *scene) start(name string) {
	s.t.Helper()
	_, err := s.fleet.Start(name, nil)
	s.fail(err)
}

// up starts workers and waits until they are ready.
func (s *scene) up(ctx context.Context, names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.start(name)
	}
	for _, name := range names {
		s.fail(fleet.Await(ctx, settled, name+" to be ready", s.fleet.Worker(name).Healthy))
	}
}

// queue is the connector's work queue, group the group that spreads it.
func (s *scene) queue() string           { return "HTTPv2-work-queue-" + s.name }
func (s *scene) group() string           { return "HTTPv2-work-queue-consumers-" + s.name }
func (s *scene) errors() string          { return "error-" + s.name }
func (s *scene) topic(api int) string    { return fmt.Sprintf("%s-api%d", s.name, api) }
func (s *scene) records() (all []string) { return []string{s.topic(1), s.topic(2), s.topic(3)} }

// create makes the topics of the records and the connector, with some properties of its own, and begins to watch.
func (s *scene) create(ctx context.Context, through string, own map[string]string) {
	s.t.Helper()
	for _, topic := range s.records() {
		kafka.CreateTopic(s.t, s.bootstrap, topic, 2, nil)
	}
	s.fail(s.fleet.Worker(through).Put(ctx, s.name, s.connector(own)))
	s.fail(fleet.Await(ctx, settled, "the work queue to be there", s.topicsThere))
	w, err := audit.Start(audit.Plan{
		Client: []kgo.Opt{kgo.SeedBrokers(s.bootstrap)}, Topics: s.records(), Queue: s.queue(), Errors: s.errors(),
	})
	s.fail(err)
	s.t.Cleanup(w.Close)
	s.watch = w
}

func (s *scene) topicsThere(ctx context.Context) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(s.bootstrap))
	if err != nil {
		return err
	}
	defer c.Close()
	ends, err := kadm.NewClient(c).ListEndOffsets(ctx, s.queue(), s.errors())
	return errors.Join(err, ends.Error())
}

// moves waits until records have come since the last call.
func (s *scene) moves(ctx context.Context) {
	s.t.Helper()
	s.fail(fleet.Await(ctx, still, "records to come", func(context.Context) error {
		if n := s.watch.Visible(); n <= s.moved {
			return fmt.Errorf("there are %d as before", n)
		}
		return nil
	}))
	s.moved = s.watch.Visible()
}

// pause lets a random time pass.
func (s *scene) pause(ctx context.Context, most time.Duration) {
	select {
	case <-time.After(time.Duration(s.rng.Int64N(int64(most)))):
	case <-ctx.Done():
	}
}

// crawled waits until all there is has been crawled.
func (s *scene) crawled(ctx context.Context) error {
	return s.while(ctx, "all to be crawled", func(context.Context) error {
		return s.watch.Missing(s.contents.Records(), s.contents.Items())
	})
}

// while waits for something as long as the crawl moves.
func (s *scene) while(ctx context.Context, what string, ok func(context.Context) error) error {
	for {
		read := s.watch.Read()
		err := fleet.Await(ctx, still, what, ok)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if s.watch.Read() == read {
			return fmt.Errorf("the crawl stands still: %w", err)
		}
	}
}

// judge waits until all is crawled, ends the workers in order, and judges.
func (s *scene) judge(ctx context.Context) audit.Report {
	s.t.Helper()
	if err := s.crawled(ctx); err != nil {
		s.t.Errorf("%v%s", err, s.complaints())
	}
	for _, name := range s.fleet.Names() {
		s.fail(fleet.Await(ctx, settled, name+" to be ready", s.fleet.Worker(name).Healthy))
		s.fail(s.fleet.Leave(name, leaving))
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	s.fail(s.watch.Settle(ctx))
	return s.watch.Judge(s.contents.All(), s.contents.Lists())
}
