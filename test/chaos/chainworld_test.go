package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/test/checker"
)

// chainSettings say what a chained world is like.
type chainSettings struct {
	seed     uint64
	rate     float64       // users that come in a second. Defaults to 1
	backlog  int           // users at the start. Defaults to 30
	distinct int           // Defaults to 45
	interval time.Duration // request.interval.ms. Defaults to 200 ms
	faults   float64
	brokers  int // Defaults to 1
	old      bool
	claims   int // most claims of one lane's transactional id; zero: not counted
}

func (s chainSettings) withDefaults() chainSettings {
	if s.rate == 0 {
		s.rate = 1
	}
	if s.backlog == 0 {
		s.backlog = 30
	}
	if s.distinct == 0 {
		s.distinct = 45
	}
	if s.interval == 0 {
		s.interval = 200 * time.Millisecond
	}
	s.brokers = max(s.brokers, 1)
	return s
}

// chainWorld is the third world: a connector with API chaining, whose work queue's group spreads its lanes over members
// that come and go, in one synctest bubble.
type chainWorld struct {
	t       *testing.T
	cfg     chainSettings
	net     *kfake.VirtualNetwork
	cluster *kfake.Cluster
	garden  *garden
	http    *http.Server
	config  connector.Config
	watch   *chainWatch
	boss    *boss

	mu      sync.Mutex
	traps   []*chainTrap
	holder  map[string]*hand // who claimed a transactional id last, or tried to
	claims  map[string]int   // by transactional id
	paged   map[string]bool  // whether records of an API were produced in the transaction that is open
	members []*hand
	born    int
}

// enterChain makes a world without members inside the bubble of t. finish ends it.
func enterChain(t *testing.T, cfg chainSettings) *chainWorld {
	t.Helper()
	w := &chainWorld{
		t: t, cfg: cfg.withDefaults(), net: &kfake.VirtualNetwork{}, holder: map[string]*hand{}, claims: map[string]int{},
		paged: map[string]bool{},
	}
	w.serve()
	w.broker()
	w.watch = watchChain(w)
	w.boss = newBoss(w)
	return w
}

// must ends the test where the world cannot be made.
func (w *chainWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// serve starts the API on the virtual network.
func (w *chainWorld) serve() {
	w.garden = &garden{
		seed: w.cfg.seed, rate: w.cfg.rate, backlog: w.cfg.backlog, distinct: w.cfg.distinct, faults: w.cfg.faults,
		start: time.Now(), rng: rand.New(rand.NewPCG(w.cfg.seed, 3)),
	}
	l, err := w.net.Listen("tcp", fmt.Sprintf("localhost:%d", apiPort))
	w.must(err)
	w.http = &http.Server{Handler: w.garden}
	go func() { _ = w.http.Serve(l) }()
	w.config, _, err = connector.Parse(w.garden.properties(w.cfg.interval))
	w.must(err)
}

// broker starts Kafka's fake, makes the topics and looks at the requests.
func (w *chainWorld) broker() {
	ports := make([]int, w.cfg.brokers)
	for i := range ports {
		ports[i] = brokerPort + i
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(len(ports)), kfake.Ports(ports...), kfake.ListenFn(w.net.Listen),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
	}
	if w.cfg.old {
		opts = append(opts, kfake.MaxVersions(kversion.V3_7_0()))
	}
	c, err := kfake.NewCluster(opts...)
	w.must(err)
	w.cluster = c
	compact := map[string]string{"cleanup.policy": "compact"}
	for topic, parts := range map[string]int32{offsetTopic: 1, rowTopic: 1, configTopic: 1, chaining.Topic(name): chaining.Lanes} {
		w.must(c.CreateTopic(topic, parts, compact))
	}
	w.must(c.CreateTopic(w.config.ErrorTopic, 1, nil))
	for api := 1; api <= 3; api++ {
		w.must(c.CreateTopic(chainTopic(api), 2, nil))
	}
	for key, step := range struck {
		c.ControlKey(int16(key), func(r kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			id := apiOrLane.FindString(chainID(r))
			delay, err := w.spring(w.call(step, id, r))
			if delay > 0 {
				c.SleepControl(func() { time.Sleep(delay) })
			}
			return nil, err, err != nil
		})
	}
}

// call is a request as traps see it.
func (w *chainWorld) call(step, id string, r kmsg.Request) chainCall {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := chainCall{step: step, id: id, by: w.holder[id]}
	switch r := r.(type) {
	case *kmsg.InitProducerIDRequest:
		w.claims[id]++
		w.paged[id] = false
	case *kmsg.ProduceRequest:
		for _, t := range r.Topics {
			w.paged[id] = w.paged[id] || strings.HasPrefix(t.Topic, chainPrefix)
		}
	case *kmsg.EndTxnRequest:
		c.page = w.paged[id]
		w.paged[id] = false
	}
	return c
}

// apiOrLane is a transactional id without what a planted bug adds to it.
var apiOrLane = regexp.MustCompile(`^` + group + `-` + name + `-q?[0-9]+`)

// chainID is the transactional id of a request.
func chainID(r kmsg.Request) string {
	if add, ok := r.(*kmsg.AddPartitionsToTxnRequest); ok {
		return add.TransactionalID
	}
	return idOf(r)
}

// direct are the options of a client that no strike reaches.
func (w *chainWorld) direct() []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(w.cluster.ListenAddrs()...), kgo.Dialer(w.net.DialContext)}
}

// await polls until ok, for at most so long on the virtual clock; its error says what it waited for.
func (w *chainWorld) await(within time.Duration, what string, ok func() bool) error {
	for end := time.Now().Add(within); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("waited %s for %s", within, what)
		}
	}
	return nil
}

// awaitProgress waits until every API has more records than before.
func (w *chainWorld) awaitProgress(before [4]int) error {
	var now [4]int
	err := w.await(3*time.Minute, "every API to go on", func() bool {
		now = w.watch.visible()
		return now[1] > before[1] && now[2] > before[2] && now[3] > before[3]
	})
	if err != nil {
		return fmt.Errorf("%w: records of each API before %v, now %v", err, before[1:], now[1:])
	}
	return nil
}

// finish lets the lists end and be read to their end within a time, stops the members and judges.
func (w *chainWorld) finish(least int, within time.Duration) (checker.Report, error) {
	w.disarm()
	w.garden.end()
	err := w.awaitAll(within)
	time.Sleep(2 * time.Second) // what is too much may still come
	for _, m := range w.all() {
		m.stop()
	}
	for _, m := range w.all() {
		m.wait()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if settled := w.watch.settle(ctx); err == nil {
		err = settled
	}
	report := w.watch.judge(least)
	w.boss.close()
	w.watch.close()
	_ = w.http.Close()
	w.cluster.Close()
	return report, err
}

// awaitAll waits until every record has arrived and every item is done.
func (w *chainWorld) awaitAll(within time.Duration) error {
	for end := time.Now().Add(within); ; time.Sleep(500 * time.Millisecond) { // to count is dear
		switch n := w.watch.missing(); {
		case n == 0:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("waited %s for every record to arrive, %d are missing", within, n)
		}
	}
}

func (w *chainWorld) all() []*hand {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.members)
}
