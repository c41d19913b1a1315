package access

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	// freeFailures are let pass before an address is held off: people mistype.
	freeFailures = 5
	firstWait    = time.Second
	longestWait  = 30 * time.Second
	// forgotten is when an address's failures no longer count.
	forgotten    = 5 * time.Minute
	maxAddresses = 4096
)

// failures holds off addresses that send wrong credentials. Every attempt counts from its beginning, so that many at once
// gain nothing; a right one is taken back.
type failures struct {
	mu sync.Mutex
	at map[string]*failure
}

type failure struct {
	count int
	last  time.Time
	until time.Time
}

func newFailures() *failures { return &failures{at: map[string]*failure{}} }

// begin counts an attempt, or says how long its address has to wait.
func (f *failures) begin(address string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	x := f.of(address, now)
	if wait := x.until.Sub(now); wait > 0 {
		return wait
	}
	x.count++
	x.last = now
	if over := x.count - freeFailures; over >= 0 {
		x.until = now.Add(min(longestWait, firstWait<<min(over, 10)))
	}
	return 0
}

// forgive takes an attempt back.
func (f *failures) forgive(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x := f.at[address]; x != nil && x.count > 0 {
		x.count--
		x.until = time.Time{}
	}
}

func (f *failures) of(address string, now time.Time) *failure {
	x := f.at[address]
	if x == nil || now.Sub(x.last) > forgotten {
		if x == nil && len(f.at) >= maxAddresses {
			f.sweep(now)
		}
		x = &failure{last: now}
		f.at[address] = x
	}
	return x
}

// sweep makes room: of a few addresses it drops those that no longer count, or else the one that has been quiet for
// longest. Looking at all would make each attempt of a crowd dear.
func (f *failures) sweep(now time.Time) {
	looked, quiet := 0, ""
	for address, x := range f.at {
		if now.Sub(x.last) > forgotten {
			delete(f.at, address)
		} else if quiet == "" || x.last.Before(f.at[quiet].last) {
			quiet = address
		}
		if looked++; looked == 16 {
			break
		}
	}
	if len(f.at) >= maxAddresses {
		delete(f.at, quiet)
	}
}

// address is whom failures are counted against: an IPv4 address, or the network of an IPv6 one, which has addresses without
// number.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if addr = addr.Unmap().WithZone(""); addr.Is6() && !addr.IsLoopback() {
		if network, err := addr.Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}
