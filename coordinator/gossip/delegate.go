package gossip

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/memberlist"
	"google.golang.org/protobuf/proto"

	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

var errFull = errors.New("more workers than can be remembered")

// delegate hears what memberlist tells; everything is copied, for memberlist goes on changing it.
type delegate struct {
	*table
	self *self
}

// NodeMeta implements memberlist.Delegate: what this worker says about itself.
func (d *delegate) NodeMeta(int) []byte { return d.self.bytes() }

// NotifyMsg implements memberlist.Delegate: a message of another worker.
func (d *delegate) NotifyMsg(b []byte) { d.message(b) }

// GetBroadcasts implements memberlist.Delegate: there are none.
func (d *delegate) GetBroadcasts(int, int) [][]byte { return nil }

// LocalState implements memberlist.Delegate: there is none.
func (d *delegate) LocalState(bool) []byte { return nil }

// MergeRemoteState implements memberlist.Delegate.
func (d *delegate) MergeRemoteState([]byte, bool) {}

// NotifyAlive implements memberlist.AliveDelegate. It is called at every word of a living worker, and so at an objection
// against its suspicion too.
func (d *delegate) NotifyAlive(n *memberlist.Node) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, ok := d.records[n.Name]
	if !ok && len(d.records) >= mostPeers {
		return errFull
	}
	if ok && r.State == Suspect && r.died.IsZero() {
		d.set(r, Alive)
	}
	return nil
}

// NotifyJoin implements memberlist.EventDelegate.
func (d *delegate) NotifyJoin(n *memberlist.Node) {
	if n.Name == d.table.self {
		return
	}
	m := d.member(n)
	d.mu.Lock()
	defer d.mu.Unlock()
	r, ok := d.records[n.Name]
	if !ok {
		r = &record{}
		d.records[n.Name] = r
	}
	r.Member, r.ip, r.port, r.died = m, slices.Clone(n.Addr), n.Port, time.Time{}
	d.set(r, Alive)
}

// NotifyUpdate implements memberlist.EventDelegate.
func (d *delegate) NotifyUpdate(n *memberlist.Node) {
	m := d.member(n)
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.records[n.Name]; ok {
		r.Member = m
		d.wake()
	}
}

// NotifyLeave implements memberlist.EventDelegate: it died, or left, in which case it has said so.
func (d *delegate) NotifyLeave(n *memberlist.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.records[n.Name]; ok && r.State != Left && r.State != Dead {
		r.died = time.Now()
		d.set(r, Suspect)
	}
}

// suspect notes that this worker got no answer from another one.
func (t *table) suspect(node string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r, ok := t.records[node]; ok && r.State == Alive {
		t.set(r, Suspect)
	}
}

// member reads what a node says about itself. The node's name counts: it is what memberlist tells it apart by.
func (t *table) member(n *memberlist.Node) *headwaterv1.Member {
	name, instance := n.Name, ""
	if i := strings.LastIndexByte(n.Name, '/'); i >= 0 {
		name, instance = n.Name[:i], n.Name[i+1:]
	}
	m := &headwaterv1.Member{}
	if err := proto.Unmarshal(n.Meta, m); err != nil || m.GetName() != name || m.GetInstance() != instance {
		t.note("what a worker says about itself", n.Name)
		m = &headwaterv1.Member{}
	}
	m.Name, m.Instance = name, instance
	return m
}
