package gossip

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// joins is how many addresses are tried at a time.
	joins = 8
	// joinPause is the least time between two rounds.
	joinPause = 500 * time.Millisecond
	// mostAddrs bounds one round.
	mostAddrs = 1024
)

// Join makes the workers at these addresses known to each other. Those that are there already are left alone, so it can be
// called every second with all addresses that are known, and then heals any split. It returns at once; an address that
// does not answer within a second or two is logged, once until it answers.
func (g *Gossip) Join(addrs []string) {
	wanted := slices.Clone(addrs[:min(len(addrs), mostAddrs)])
	for {
		select {
		case g.join <- wanted:
			return
		default:
		}
		select {
		case <-g.join: // older than ours
		default:
		}
	}
}

// joining joins what was asked for last.
func (g *Gossip) joining() {
	failing := map[string]bool{}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-g.done:
			return
		}
		select {
		case addrs := <-g.join:
			failing = g.round(g.absent(addrs), failing)
		case <-g.done:
			return
		}
		pause.Reset(joinPause)
	}
}

// absent leaves out what is empty, is not an address, is this worker, or is there.
func (g *Gossip) absent(addrs []string) []string {
	there := map[string]bool{g.addr: true, "": true}
	for _, r := range g.living() {
		there[r.addr()] = true
		there[r.Member.GetGossip()] = true
	}
	var out []string
	for _, a := range addrs {
		if _, _, err := net.SplitHostPort(a); err == nil && !there[a] && !strings.Contains(a, "/") {
			there[a] = true
			out = append(out, a)
		}
	}
	return out
}

// round tries all addresses and returns those that failed, which were logged.
func (g *Gossip) round(addrs []string, failed map[string]bool) map[string]bool {
	var all sync.WaitGroup
	var mu sync.Mutex
	still := map[string]bool{}
	places := make(chan struct{}, joins)
	for _, a := range addrs {
		select {
		case places <- struct{}{}:
		case <-g.done:
			continue
		}
		all.Go(func() {
			defer func() { <-places }()
			_, err := g.list.Join([]string{a})
			if err == nil {
				return
			}
			if !failed[a] {
				g.log.Warn("gossip does not reach a worker of the group; it is tried again",
					"address", a, "error", err, "hint", "gossip.key and group.id must be the same, UDP and TCP open")
			}
			mu.Lock()
			defer mu.Unlock()
			still[a] = true
		})
	}
	all.Wait()
	return still
}
