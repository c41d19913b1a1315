package gossip

import (
	"cmp"
	"context"
	"errors"
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
	// saidGoodbye carries the node's name. memberlist's own goodbye looks like a death to whoever is told of it.
	saidGoodbye byte = 2
)

// farewells is how many are said goodbye to at a time.
const farewells = 16

// Tell says to the worker of that name, to its latest instance, that a task was let go. It takes about a second at most. An
// error means that it was not told: the worker is not there (fatal), or could not be reached (retriable).
func (g *Gossip) Tell(name string, r *headwaterv1.Released) error {
	to, err := g.latest(name)
	if err != nil {
		return err
	}
	b, err := proto.MarshalOptions{}.MarshalAppend([]byte{saidReleased}, r)
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
	switch b[0] {
	case saidReleased:
		r := &headwaterv1.Released{}
		if err := proto.Unmarshal(b[1:], r); err != nil {
			t.note("a message", "")
			return
		}
		if t.received != nil {
			t.received(r)
		}
	case saidGoodbye:
		t.mu.Lock()
		defer t.mu.Unlock()
		if r, ok := t.records[string(b[1:])]; ok {
			r.died = time.Time{}
			t.set(r, Left)
		}
	default:
		t.note("a message", "")
	}
}
