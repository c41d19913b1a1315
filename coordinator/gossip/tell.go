package gossip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/internal/fault"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// A message is one byte that says what it is, and what it says. What is not known is of a newer version and is passed over.
const (
	saidReleased byte = 1
	saidLoads    byte = 3
	saidLimit    byte = 4
	// saidGoodbye carries the node's name. memberlist's own goodbye looks like a death to whoever is told of it.
	saidGoodbye byte = 2
)

// farewells is how many are said goodbye to at a time.
const farewells = 16

// heard makes the message that a first byte announces; nil: none of ours.
func heard(kind byte) proto.Message {
	switch kind {
	case saidReleased:
		return &headwaterv1.Released{}
	case saidLoads:
		return &headwaterv1.Loads{}
	case saidLimit:
		return &headwaterv1.Limit{}
	}
	return nil
}

// kindOf is the first byte of a message.
func kindOf(m proto.Message) byte {
	for _, kind := range []byte{saidReleased, saidLoads, saidLimit} {
		if heard(kind).ProtoReflect().Type() == m.ProtoReflect().Type() {
			return kind
		}
	}
	panic(fmt.Sprintf("gossip: nobody understands %T", m)) // only our own code says anything
}

// Tell says a Released, Loads or Limit to the worker of that name, to its latest instance. It takes about a second at most.
// An error means that it was not told: the worker is not there (fatal), or could not be reached (retriable).
func (g *Gossip) Tell(name string, m proto.Message) error {
	to, err := g.latest(name)
	if err != nil {
		return err
	}
	b, err := proto.MarshalOptions{}.MarshalAppend([]byte{kindOf(m)}, m)
	if err != nil {
		return &fault.Error{Op: "tell worker " + name, Err: err}
	}
	if err := g.list.SendReliable(to.target(), b); err != nil {
		return &fault.Error{Kind: fault.Retriable, Op: "tell worker " + name + " by gossip at " + to.addr(), Err: err}
	}
	return nil
}

// latest is the instance of a name that was started last, among those that are there.
func (t *table) latest(name string) (record, error) {
	all := slices.DeleteFunc(t.living(), func(r record) bool { return r.Member.GetName() != name })
	if len(all) == 0 {
		return record{}, &fault.Error{Op: "tell worker " + name, Err: errors.New("gossip knows no such worker that is alive")}
	}
	return slices.MaxFunc(all, func(a, b record) int {
		return cmp.Compare(a.Member.GetStartedUnixMs(), b.Member.GetStartedUnixMs())
	}), nil
}

func (r *record) target() *memberlist.Node {
	return &memberlist.Node{Name: r.node(), Addr: net.IP(r.ip), Port: r.port}
}

// farewell tells everyone who is there. Whoever cannot be told within tcpTimeout sees a death instead.
func (g *Gossip) farewell(ctx context.Context) {
	word := append([]byte{saidGoodbye}, g.self.node...)
	var all sync.WaitGroup
	places := make(chan struct{}, farewells)
	for _, r := range g.living() {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		all.Go(func() {
			defer func() { <-places }()
			if err := g.list.SendReliable(r.target(), word); err != nil {
				g.log.Debug("gossip could not say goodbye", "worker", r.Member.GetName(), "error", err)
			}
		})
	}
	all.Wait()
}

// message takes what another worker sent.
func (t *table) message(b []byte) {
	if len(b) == 0 {
		t.note("a message", "")
		return
	}
	if b[0] == saidGoodbye {
		t.parted(string(b[1:]))
		return
	}
	m := heard(b[0])
	if m == nil || proto.Unmarshal(b[1:], m) != nil {
		t.note("a message", "")
		return
	}
	if t.received != nil {
		t.received(m)
	}
}

func (t *table) parted(node string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r, ok := t.records[node]; ok {
		r.died = time.Time{}
		t.set(r, Left)
	}
}
