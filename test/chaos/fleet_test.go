package chaos

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/headwater/headwater/coordinator/gossip/ether"
	"github.com/headwater/headwater/test/checker"
	"github.com/headwater/headwater/test/simapi"
)

const (
	configTopic = "chaos-configs"
	writerID    = "connect-cluster-" + group
	session     = 6 * time.Second
	heartbeat   = session / 3
)

// shape says what a fleet is like.
type shape struct {
	seed     uint64
	modes    [][]string // one connector each
	tasksMax map[int]int
	growth   simapi.Growth
	interval time.Duration // Defaults to 250 ms
	faults   float64
	brokers  int // Defaults to 1
	parts    int32
	silent   bool          // no gossip
	timeout  time.Duration // of transactions. Defaults to txnTimeout
	drain    time.Duration // drain.timeout. Defaults to 20 s
}

// fleet is the second world: members of a real cluster, which share connectors, in one synctest bubble.
type fleet struct {
	t       *testing.T
	shape   shape
	net     *kfake.VirtualNetwork
	ether   *ether.Network
	cluster *kfake.Cluster
	loads   []*load
	trail   *trail

	mu     sync.Mutex
	nodes  []*node // all there ever were
	born   int
	puts   int
	traps  []*trap
	holder map[string]*node // who claimed a transactional id last, or tried to
	apart  map[[2]*node]bool
	mute   map[*node]bool
}

// muster makes a fleet without members inside the bubble of t.
func muster(t *testing.T, s shape) *fleet {
	t.Helper()
	s.brokers, s.parts = max(s.brokers, 1), max(s.parts, 1)
	if s.interval == 0 {
		s.interval = 250 * time.Millisecond
	}
	if s.timeout == 0 {
		s.timeout = txnTimeout
	}
	if s.drain == 0 {
		s.drain = 20 * time.Second
	}
	f := &fleet{
		t: t, shape: s, net: &kfake.VirtualNetwork{}, ether: ether.New(), holder: map[string]*node{},
		apart: map[[2]*node]bool{}, mute: map[*node]bool{},
	}
	for i, modes := range s.modes {
		f.loads = append(f.loads, f.serve(i, modes))
	}
	f.broker()
	f.trail = newTrail(f)
	for _, l := range f.loads {
		f.follow(l)
	}
	return f
}

// broker starts Kafka's fake, makes the topics and looks at the requests.
func (f *fleet) broker() {
	var ports []int
	for i := range f.shape.brokers {
		ports = append(ports, brokerPort+i)
	}
	c, err := kfake.NewCluster(kfake.NumBrokers(len(ports)), kfake.Ports(ports...), kfake.ListenFn(f.net.Listen))
	if err != nil {
		f.t.Fatal(err)
	}
	f.cluster = c
	compact := map[string]string{"cleanup.policy": "compact"}
	errs := []error{
		c.CreateTopic(offsetTopic, f.shape.parts, compact), c.CreateTopic(rowTopic, 1, compact), c.CreateTopic(configTopic, 1, compact),
	}
	for _, l := range f.loads {
		errs = append(errs, c.CreateTopic(l.parsed.ErrorTopic, 1, nil))
		for _, a := range l.sim.APIs() {
			errs = append(errs, c.CreateTopic(simapi.TopicOf(l.name, a.ID), int32(1+a.ID%2), nil))
		}
	}
	for _, err := range errs {
		if err != nil {
			f.t.Fatal(err)
		}
	}
	for key, step := range map[kmsg.Key]string{kmsg.Produce: "produce", kmsg.EndTxn: "end", kmsg.InitProducerID: "claim"} {
		c.ControlKey(int16(key), func(r kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			id := idOf(r)
			if step == "claim" && id != "" {
				f.trail.claimed(id)
			}
			delay, err := f.spring(call{step: step, id: id, by: f.holds(id)})
			if delay > 0 {
				c.SleepControl(func() { time.Sleep(delay) })
			}
			return nil, err, err != nil
		})
	}
}

// idOf is the transactional id of a request.
func idOf(r kmsg.Request) string {
	var id *string
	switch r := r.(type) {
	case *kmsg.ProduceRequest:
		id = r.TransactionID
	case *kmsg.EndTxnRequest:
		return r.TransactionalID
	case *kmsg.InitProducerIDRequest:
		id = r.TransactionalID
	}
	if id == nil {
		return ""
	}
	return *id
}

func (f *fleet) direct() []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(f.cluster.ListenAddrs()...), kgo.Dialer(f.net.DialContext)}
}

// follow starts a connector's checker.
func (f *fleet) follow(l *load) {
	p := checker.Plan{Connector: l.name, Offsets: offsetTopic, Client: f.direct()}
	for _, a := range l.sim.APIs() {
		p.APIs = append(p.APIs, checker.API{
			ID: a.ID, Topic: simapi.TopicOf(l.name, a.ID), URL: a.PartitionURL(l.parsed.BaseURL), Total: a.Total, Payload: a.Payload,
			Stand: func(fields map[string]string) (checker.Place, error) {
				s, err := a.Standing(fields)
				return checker.Place(s), err
			},
		})
	}
	watch, err := checker.Start(context.Background(), p)
	if err != nil {
		f.t.Fatal(err)
	}
	l.watch = watch
}

// holds is who claimed a transactional id last.
func (f *fleet) holds(id string) *node {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.holder[id]
}

// living are the members that take part.
func (f *fleet) living() []*node {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.nodes), func(n *node) bool { return n.gone.Load() })
}

// leader is the member that the rows name as leader, nil while there is none.
func (f *fleet) leader() *node {
	row := f.trail.leader()
	for _, n := range f.living() {
		if row != nil && n.self.GetInstance() == row.GetInstance() {
			return n
		}
	}
	return nil
}

// await polls until ok, for at most so long on the virtual clock; its error says what it waited for.
func (f *fleet) await(within time.Duration, what string, ok func() bool) error {
	for end := time.Now().Add(within); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("waited %s for %s", within, what)
		}
	}
	return nil
}

// ask has whoever leads make a change, as a request that is forwarded and tried again would.
func (f *fleet) ask(what string, change func(context.Context, *node) error) error {
	var last error
	err := f.await(2*time.Minute, what, func() bool {
		for _, n := range f.living() {
			if !n.ready() || n.cut.Load() || n.frozen.Load() {
				continue
			}
			if last = n.take(change); last == nil {
				return true
			}
		}
		return false
	})
	if err != nil {
		return fmt.Errorf("%w: %w", err, last)
	}
	return nil
}

// take makes a change on this member, as a request does: it ends with the member.
func (n *node) take(change func(context.Context, *node) error) error {
	n.asked.Add(1)
	defer n.asked.Done()
	if n.gone.Load() {
		return errStruck
	}
	ctx, cancel := context.WithTimeout(n.ctx, 40*time.Second)
	defer cancel()
	return change(ctx, n)
}

// create makes every connector.
func (f *fleet) create() error {
	for _, l := range f.loads {
		if err := f.put(l); err != nil {
			return err
		}
	}
	return nil
}

// put asks for the configuration that l should have.
func (f *fleet) put(l *load) error {
	return f.ask("a connector to be written", func(ctx context.Context, n *node) error {
		return n.herder.Put(ctx, l.name, l.properties)
	})
}

// visible counts the records of each stream that have arrived.
func (f *fleet) visible() map[string]int {
	out := map[string]int{}
	for _, l := range f.loads {
		for _, a := range l.sim.APIs() {
			out[fmt.Sprintf("%s/%d", l.name, a.ID)] = l.watch.Visible(a.ID)
		}
	}
	return out
}

// progress waits until every stream that can has more records than before.
func (f *fleet) progress(before map[string]int) error {
	var stuck []string
	err := f.await(3*time.Minute, "every API to go on", func() bool {
		stuck = stuck[:0]
		for _, l := range f.loads {
			for _, a := range l.sim.APIs() {
				key := fmt.Sprintf("%s/%d", l.name, a.ID)
				if n := l.watch.Visible(a.ID); n <= before[key] && n < a.Total() {
					stuck = append(stuck, key)
				}
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
func (f *fleet) finish(least int, within time.Duration) (checker.Report, error) {
	f.disarm()
	missing := func() (n int) {
		for _, l := range f.loads {
			for _, m := range l.watch.Missing() {
				n += m
			}
		}
		return n
	}
	for _, l := range f.loads {
		l.sim.Finish()
	}
	err := f.await(within, "every record to arrive", func() bool { return missing() == 0 })
	for _, n := range f.all() {
		n.halt()
	}
	for _, n := range f.all() {
		n.wait()
	}
	report := checker.Report{Counts: map[string]int{}}
	for _, l := range f.loads {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if settled := l.watch.Settle(ctx); err == nil {
			err = settled
		}
		cancel()
		merge(&report, l.watch.Judge(least, true), l.name+": ")
		l.watch.Close()
		_ = l.http.Close()
	}
	f.trail.close()
	merge(&report, f.trail.judge(), "")
	f.cluster.Close()
	return report, err
}

func (f *fleet) all() []*node {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.nodes)
}

func merge(into *checker.Report, r checker.Report, prefix string) {
	into.Records += r.Records
	into.Offsets += r.Offsets
	for k, n := range r.Counts {
		into.Counts[k] += n
	}
	for _, text := range r.Findings {
		into.Findings = append(into.Findings, prefix+text)
	}
}
