package gossip

import (
	"log"
	"log/slog"
	"time"

	"github.com/hashicorp/memberlist"
)

// A death takes, with five workers: 0.4 s on average until one of the others asks, 0.5 s for the answer by any way (UDP,
// three others, TCP), 1 s to object, and deathHold. A worker has to be deaf for 1.5 s by every way before it is called
// dead, and one that was merely starved objects as soon as it runs again.
const (
	probeInterval = 500 * time.Millisecond
	// probeTimeout leaves the larger half of the interval to the ways around a lost packet.
	probeTimeout  = 200 * time.Millisecond
	indirect      = 3
	suspicionMult = 2
	// awarenessMax lets a worker that misses answers for its own slowness wait up to 4 intervals before it accuses. More
	// would make Close longer.
	awarenessMax   = 4
	gossipInterval = 100 * time.Millisecond
	gossipNodes    = 4
	retransmitMult = 4
	// pushPull repairs what lost packets left wrong.
	pushPull = 10 * time.Second
	// tcpTimeout bounds Tell, joining and everything else that uses a connection.
	tcpTimeout   = time.Second
	leaveTimeout = 2 * time.Second
	// talkToDead is how long the dead are told that they are, so that they can object; Join heals longer splits.
	talkToDead = 30 * time.Second
	// reclaim lets a worker come back from another address, as after a change of network.
	reclaim = time.Second
)

// settings are memberlist's, none of them left to its defaults for a LAN or a single machine.
func settings(node, label string, key []byte, d *delegate, l *slog.Logger) *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	c.Name, c.Label, c.SecretKey = node, label, key
	c.TCPTimeout = tcpTimeout
	c.IndirectChecks = indirect
	c.RetransmitMult = retransmitMult
	c.SuspicionMult = suspicionMult
	c.PushPullInterval = pushPull
	c.ProbeInterval, c.ProbeTimeout = probeInterval, probeTimeout
	c.AwarenessMaxMultiplier = awarenessMax
	c.GossipInterval, c.GossipNodes, c.GossipToTheDeadTime = gossipInterval, gossipNodes, talkToDead
	c.DeadNodeReclaimTime = reclaim
	c.GossipVerifyIncoming, c.GossipVerifyOutgoing = true, true
	c.Delegate, c.Events, c.Alive = d, d, d
	c.Logger = log.New(&hearing{table: d.table, log: l}, "", 0)
	return c
}
