package chaos

import "time"

// call is a request that a member makes: of Kafka under a transactional id, or of an API whose records go under it.
type call struct {
	step string // produce, end, claim, http
	id   string
	by   *node // nil: nobody known
}

// trap waits for the n-th call that it is for. What it does then must not block.
type trap struct {
	match func(call) bool
	n     int
	do    func(call)
	drop  bool          // the request is not carried out
	delay time.Duration // the request is carried out so much later
	every bool          // it stays, for every call from the n-th on

	fired chan struct{}
}

// set puts a trap up.
func (f *fleet) set(t *trap) *trap {
	t.fired = make(chan struct{})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.traps = append(f.traps, t)
	return t
}

func (f *fleet) disarm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.traps = nil
}

// spring says after which time a call is to be carried out, or by an error that it is not to be at all.
func (f *fleet) spring(c call) (time.Duration, error) {
	f.mu.Lock()
	var hit *trap
	for i, t := range f.traps {
		if !t.match(c) {
			continue
		}
		if t.n--; t.n > 0 {
			continue
		}
		if hit = t; !t.every {
			f.traps = append(append([]*trap(nil), f.traps[:i]...), f.traps[i+1:]...)
		}
		break
	}
	f.mu.Unlock()
	if hit == nil {
		return 0, nil
	}
	if hit.do != nil {
		hit.do(c)
	}
	select {
	case <-hit.fired:
	default:
		close(hit.fired)
	}
	if hit.drop {
		return 0, errStruck
	}
	return hit.delay, nil
}

// caught waits until the trap has been sprung.
func (f *fleet) caught(t *trap) error {
	return f.await(2*time.Minute, "a strike to find its request", func() bool {
		select {
		case <-t.fired:
			return true
		default:
			return false
		}
	})
}

// freeze stops a member as SIGSTOP does, as far as a bubble can: nothing reaches it or leaves it, and its own clock tells
// it nothing.
func (f *fleet) freeze(n *node) {
	f.trail.stands(n)
	n.frozen.Store(true)
	for _, w := range n.wires() {
		w.hold()
	}
	f.hush(n, true)
}

func (f *fleet) thaw(n *node) {
	n.frozen.Store(false)
	f.hush(n, false)
	for _, w := range n.wires() {
		w.release()
	}
	f.trail.stands(n)
}

// part cuts a member off from Kafka; it hears the others and the APIs.
func (f *fleet) part(n *node) {
	f.trail.cut(n)
	n.cut.Store(true)
	n.kafka.hold()
	n.row.hold()
}

func (f *fleet) mend(n *node) {
	n.cut.Store(false)
	n.kafka.release()
	n.row.release()
	f.trail.healed(n)
}

// hush takes a member out of the gossip, or back in.
func (f *fleet) hush(n *node, yes bool) {
	f.mu.Lock()
	f.mute[n] = yes
	f.mu.Unlock()
	f.separate()
}

// split cuts the gossip between some members and all others; nil mends it.
func (f *fleet) split(some []*node) {
	f.mu.Lock()
	clear(f.apart)
	for _, a := range some {
		for _, b := range f.nodes {
			f.apart[[2]*node{a, b}] = true
		}
	}
	for _, a := range some {
		for _, b := range some {
			delete(f.apart, [2]*node{a, b})
		}
	}
	f.mu.Unlock()
	f.separate()
}

// separate makes the gossip's network what mute and apart say.
func (f *fleet) separate() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, a := range f.nodes {
		for _, b := range f.nodes[:i] {
			if a.place == nil || b.place == nil {
				continue
			}
			if f.mute[a] || f.mute[b] || f.apart[[2]*node{a, b}] || f.apart[[2]*node{b, a}] {
				f.ether.Cut(a.place.Addr(), b.place.Addr())
			} else {
				f.ether.Heal(a.place.Addr(), b.place.Addr())
			}
		}
	}
}
