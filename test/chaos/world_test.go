package chaos

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/test/checker"
	"github.com/headwater/headwater/test/simapi"
)

const (
	group       = "chaos"
	name        = "sim"
	brokerPort  = 9092
	apiPort     = 8000
	offsetTopic = "chaos-offsets"
	rowTopic    = "chaos-assignments"
	txnTimeout  = 10 * time.Second
)

// settings say what a world is like.
type settings struct {
	seed     uint64
	modes    []string
	growth   simapi.Growth
	interval time.Duration // request.interval.ms. Defaults to 250 ms
	faults   float64       // share of the API's answers that fail
	limit    time.Duration // on how long a transaction may be open; zero: not looked at
	claims   int           // most claims of one transactional id; zero: not counted
	parts    int32         // partitions of the offsets topic. Defaults to 3
	brokers  int           // Defaults to 1
	old      bool          // a broker before KIP-890: partitions are added to transactions by requests of their own
}

// world is a broker, an API, a checker and the members that come and go, in one synctest bubble.
type world struct {
	t       *testing.T
	cfg     settings
	net     *kfake.VirtualNetwork
	cluster *kfake.Cluster
	sim     *simapi.Server
	http    *http.Server
	config  connector.Config
	watch   *checker.Watch

	mu      sync.Mutex
	strike  *armed
	claims  map[string]int // by transactional id
	members []*member
	born    int
}

// enter makes a world inside the bubble of t. leave ends it.
func enter(t *testing.T, cfg settings) *world {
	t.Helper()
	if cfg.interval == 0 {
		cfg.interval = 250 * time.Millisecond
	}
	cfg.parts, cfg.brokers = max(cfg.parts, 1), max(cfg.brokers, 1)
	w := &world{t: t, cfg: cfg, net: &kfake.VirtualNetwork{}, claims: map[string]int{}}
	w.serve()
	w.broker()
	w.follow()
	return w
}

// serve starts the API on the virtual network.
func (w *world) serve() {
	sim, err := simapi.New(simapi.Config{
		Seed: w.cfg.seed, Modes: w.cfg.modes, Growth: w.cfg.growth, Rate: w.cfg.faults,
		OnRequest: func(int, int) {
			delay, _ := w.step("http") // a refusal of the API is a fault of its own
			time.Sleep(delay)
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := w.net.Listen("tcp", fmt.Sprintf("localhost:%d", apiPort))
	if err != nil {
		w.t.Fatal(err)
	}
	w.sim, w.http = sim, &http.Server{Handler: sim}
	go func() { _ = w.http.Serve(l) }()
	properties := sim.Config(simapi.Connector{
		Name: name, BaseURL: fmt.Sprintf("http://localhost:%d", apiPort), Interval: int(w.cfg.interval.Milliseconds()),
	})
	if w.config, _, err = connector.Parse(properties); err != nil {
		w.t.Fatal(err)
	}
}

// struck are the requests at which a strike can be planned.
var struck = map[kmsg.Key]string{
	kmsg.Produce: "produce", kmsg.EndTxn: "end", kmsg.InitProducerID: "claim", kmsg.AddPartitionsToTxn: "add",
	kmsg.ListOffsets: "list", kmsg.FindCoordinator: "find",
}

// broker starts Kafka's fake and makes the topics.
func (w *world) broker() {
	ports := make([]int, w.cfg.brokers)
	for i := range ports {
		ports[i] = brokerPort + i
	}
	opts := []kfake.Opt{kfake.NumBrokers(len(ports)), kfake.Ports(ports...), kfake.ListenFn(w.net.Listen)}
	if w.cfg.old {
		opts = append(opts, kfake.MaxVersions(kversion.V3_7_0()))
	}
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.cluster = c
	compact := "compact"
	settings := map[string]string{"cleanup.policy": compact}
	errs := []error{c.CreateTopic(offsetTopic, w.cfg.parts, settings), c.CreateTopic(rowTopic, 1, settings), c.CreateTopic(w.config.ErrorTopic, 1, nil)}
	for _, a := range w.sim.APIs() {
		errs = append(errs, c.CreateTopic(simapi.TopicOf(name, a.ID), int32(1+a.ID%2), nil))
	}
	for _, err := range errs {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for key, step := range struck {
		c.ControlKey(int16(key), func(r kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			w.countClaim(r)
			delay, err := w.step(step)
			if delay > 0 {
				c.SleepControl(func() { time.Sleep(delay) })
			}
			return nil, err, err != nil
		})
	}
}

func (w *world) countClaim(r kmsg.Request) {
	if i, ok := r.(*kmsg.InitProducerIDRequest); ok && i.TransactionalID != nil {
		w.mu.Lock()
		w.claims[*i.TransactionalID]++
		w.mu.Unlock()
	}
}

// direct are the options of a client that no strike reaches.
func (w *world) direct() []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(w.cluster.ListenAddrs()...), kgo.Dialer(w.net.DialContext)}
}

func (w *world) follow() {
	p := checker.Plan{
		Connector: name, Offsets: offsetTopic, Client: w.direct(),
		OpenLimit: w.cfg.limit, ClaimLimit: w.cfg.claims,
	}
	if w.cfg.claims > 0 {
		p.Claims = w.claimsByAPI
	}
	for _, a := range w.sim.APIs() {
		p.APIs = append(p.APIs, checker.API{
			ID: a.ID, Topic: simapi.TopicOf(name, a.ID), URL: a.PartitionURL(w.config.BaseURL),
			Total: a.Total, Payload: a.Payload,
			Stand: func(fields map[string]string) (checker.Place, error) {
				s, err := a.Standing(fields)
				return checker.Place(s), err
			},
		})
	}
	watch, err := checker.Start(context.Background(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	w.watch = watch
}

func (w *world) claimsByAPI() map[int]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[int]int{}
	for _, a := range w.sim.APIs() {
		out[a.ID] = w.claims[connector.TransactionalID(group, name, a.ID-1)]
	}
	return out
}

// visible counts the records of each API that have arrived.
func (w *world) visible() []int {
	var out []int
	for _, a := range w.sim.APIs() {
		out = append(out, w.watch.Visible(a.ID))
	}
	return out
}

// await polls until ok, for at most so long on the virtual clock; its error says what it waited for.
func (w *world) await(within time.Duration, what string, ok func() bool) error {
	for end := time.Now().Add(within); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("waited %s for %s", within, what)
		}
	}
	return nil
}

// awaitProgress waits until every API that can has more records than before.
func (w *world) awaitProgress(before []int) error {
	var stuck []int
	err := w.await(3*time.Minute, "every API to go on", func() bool {
		stuck = stuck[:0]
		for i, a := range w.sim.APIs() {
			if n := w.watch.Visible(a.ID); n <= before[i] && n < a.Total() {
				stuck = append(stuck, a.ID)
			}
		}
		return len(stuck) == 0
	})
	if err != nil {
		return fmt.Errorf("%w; these do not: %v", err, stuck)
	}
	return nil
}

// finish lets the streams end and be read to their end within a time, stops the members and judges.
func (w *world) finish(least int, within time.Duration) (checker.Report, error) {
	w.disarm()
	w.sim.Finish()
	err := w.await(within, "every record to arrive", func() bool { return len(w.watch.Missing()) == 0 })
	if err != nil {
		err = fmt.Errorf("%w; missing: %v", err, w.watch.Missing())
	}
	w.leave()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if settled := w.watch.Settle(ctx); err == nil {
		err = settled
	}
	report := w.watch.Judge(least, true)
	w.watch.Close()
	_ = w.http.Close()
	w.cluster.Close()
	return report, err
}

// leave stops every member and waits until nothing of it is left.
func (w *world) leave() {
	w.mu.Lock()
	members := slices.Clone(w.members)
	w.mu.Unlock()
	for _, m := range members {
		m.stop()
	}
	for _, m := range members {
		m.wait()
	}
}
