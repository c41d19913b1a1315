// Package gossip tells workers quickly what may be wrong: who is there, how it is doing and who died. It is advice only;
// ownership comes from the consumer group and from fencing, so a lie told here costs time and never a record.
//
// It is the only room that knows memberlist. A worker is known as "<name>/<instance>", so that one that was started again
// is a newcomer and waits for nobody's death.
package gossip

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/internal/fault"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Config says how a worker gossips.
type Config struct {
	// Listener is gossip.listener: host:port for UDP and TCP, port 0 takes any free one. Host may be empty or 0.0.0.0;
	// others are then told the host of Self's URL, or this machine's first address.
	Listener string
	// Key is gossip.key, at least 16 bytes of any kind; the AES-256 key is derived from it. It may be empty when the host
	// of Listener is loopback.
	Key []byte
	// Label is group.id: clusters of different labels on one network never mix. At most 255 bytes.
	Label string
	// Self is what the worker says about itself; Name and Instance are required. Start fills in Gossip.
	Self *headwaterv1.Member
	// Received is given what another worker told this one, see Tell. It is called on gossip's goroutine and must not
	// block. It may be nil.
	Received func(proto.Message)
	// Log takes what a person should know; what memberlist says itself is on its debug level.
	Log *slog.Logger
	// Transport replaces UDP and TCP, for tests inside a bubble of synctest; package ether has one. nil: the network.
	Transport memberlist.Transport
}

// Gossip is one worker's part in the gossip. Its methods are safe for concurrent use.
type Gossip struct {
	list *memberlist.Memberlist
	wire *wire
	*table
	self *self
	addr string
	log  *slog.Logger

	join chan []string
	tell chan struct{} // what the worker says about itself has changed
	done chan struct{}
	work sync.WaitGroup

	life   sync.Mutex // memberlist panics when it is left after its end
	left   bool
	closed bool
}

// Start listens and gossips with nobody yet; see Join. What it refuses is a *fault.Error that names the property:
// gossip.key missing off loopback or too short, an address that cannot be had, a name too long to be told.
func Start(c Config) (*Gossip, error) {
	log := c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	key, err := keyOf(c.Key)
	if err != nil {
		return nil, err
	}
	if len(c.Label) > memberlist.LabelMaxSize {
		return nil, wrong("group.id is longer than 255 bytes", "use a shorter group.id", nil)
	}
	me, err := newSelf(c.Self)
	if err != nil {
		return nil, err
	}
	g := &Gossip{
		self: me, log: log, table: newTable(me.node, log, c.Received),
		join: make(chan []string, 1), tell: make(chan struct{}, 1), done: make(chan struct{}),
	}
	conf := settings(me.node, c.Label, key, &delegate{table: g.table, self: me}, log)
	if err := g.open(conf, c); err != nil {
		return nil, err
	}
	g.work.Go(g.joining)
	g.work.Go(g.telling)
	g.work.Go(g.watching)
	return g, nil
}

// open gets the address, so that it can be told from the first message on, and starts memberlist.
func (g *Gossip) open(conf *memberlist.Config, c Config) error {
	wire, host, port, err := listen(c, conf.Logger)
	if err != nil {
		return err
	}
	g.wire = newWire(wire)
	conf.Transport, conf.AdvertiseAddr, conf.AdvertisePort, conf.BindPort = g.wire, host, port, port
	g.addr = net.JoinHostPort(host, strconv.Itoa(port))
	if err := g.self.change(func(m *headwaterv1.Member) { m.Gossip = g.addr }); err != nil {
		_ = wire.Shutdown()
		return err
	}
	if g.list, err = memberlist.Create(conf); err != nil {
		_ = wire.Shutdown()
		return wrong("gossip did not start", "look at gossip.listener", err)
	}
	return nil
}

// Addr is the address others are told, host:port.
func (g *Gossip) Addr() string { return g.addr }

// Peers lists all workers that were heard of, this one included, by name and instance. Who died or left is listed for five
// minutes.
func (g *Gossip) Peers() []Peer { return g.peers(g.self.member()) }

// Update changes what this worker says about itself and spreads it. A change that makes it too long to be told is logged
// and undone. Name, Instance and Gossip stay as they are.
func (g *Gossip) Update(change func(*headwaterv1.Member)) {
	if err := g.self.change(change); err != nil {
		g.log.Warn("gossip does not take a change of this worker", "error", err)
		return
	}
	g.announce()
	poke(g.tell)
}

// telling spreads changes of this worker; changes while one is spread are spread together.
func (g *Gossip) telling() {
	for {
		select {
		case <-g.tell:
			if err := g.list.UpdateNode(tcpTimeout); err != nil {
				g.log.Debug("gossip spreads a change slowly", "error", err)
			}
		case <-g.done:
			return
		}
	}
}

// watching lets deaths count and forgets the old dead.
func (g *Gossip) watching() {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			g.sweep(time.Now())
		case <-g.done:
			return
		}
	}
}

// Leave says goodbye: the others see Left at once instead of a death later. It takes at most two seconds, or until ctx
// ends. Close is still needed.
func (g *Gossip) Leave(ctx context.Context) error {
	g.life.Lock()
	defer g.life.Unlock()
	if g.left || g.closed {
		return nil
	}
	g.left = true
	g.farewell(ctx)
	g.leave()
	most := leaveTimeout
	if end, ok := ctx.Deadline(); ok {
		most = max(min(most, time.Until(end)), time.Millisecond)
	}
	if err := g.list.Leave(most); err != nil {
		return &fault.Error{Kind: fault.Retriable, Op: "leave the gossip", Err: err}
	}
	return nil
}

// Close stops without a word; the others find out. It may be called again. With others there it takes half a second, at
// most about two seconds: memberlist's questions that are still open have nobody else who waits for them.
func (g *Gossip) Close() {
	g.life.Lock()
	defer g.life.Unlock()
	if g.closed {
		return
	}
	g.closed = true
	close(g.done)
	g.wire.close() // from here on, nothing new is asked
	end := time.Now()
	if len(g.Peers()) > 1 {
		end = end.Add(time.Duration(g.list.GetHealthScore()+1) * probeInterval)
	}
	if err := g.list.Shutdown(); err != nil {
		g.log.Debug("gossip stops", "error", err)
	}
	g.work.Wait()
	time.Sleep(time.Until(end))
}

// poke wakes who waits for c, once.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// clone copies a member, whose fields belong to whoever gets it.
func clone(m *headwaterv1.Member) *headwaterv1.Member { return proto.CloneOf(m) }
