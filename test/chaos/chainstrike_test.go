package chaos

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// chainCall is a request that a member makes: of Kafka under a transactional id, or of an API whose records go under it.
type chainCall struct {
	step string // produce, end, claim, add, list, http
	id   string
	by   *hand // nil: nobody known
	page bool  // of an end: records of an API are in the transaction. Known of old brokers alone, whose requests name topics
}

// chainTrap waits for the n-th call that it is for. What it does then must not block.
type chainTrap struct {
	match func(chainCall) bool
	n     int
	do    func(chainCall)
	drop  bool          // the request is not carried out
	delay time.Duration // it is carried out so much later
	every bool          // it stays, for every call from the n-th on
	fired chan struct{}
}

func (w *chainWorld) set(t *chainTrap) *chainTrap {
	t.fired = make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traps = append(w.traps, t)
	return t
}

func (w *chainWorld) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traps = nil
}

// spring says after which time a call is to be carried out, or by an error that it is not to be at all.
func (w *chainWorld) spring(c chainCall) (time.Duration, error) {
	w.mu.Lock()
	var hit *chainTrap
	for i, t := range w.traps {
		if !t.match(c) {
			continue
		}
		if t.n--; t.n > 0 {
			continue
		}
		if hit = t; !t.every {
			w.traps = slices.Delete(slices.Clone(w.traps), i, i+1)
		}
		break
	}
	w.mu.Unlock()
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
func (w *chainWorld) caught(t *chainTrap) error {
	return w.await(2*time.Minute, "a strike to find its request", func() bool {
		select {
		case <-t.fired:
			return true
		default:
			return false
		}
	})
}

// cycle is one strike and the recovery from it; newest is the member at work, and the one at work afterwards is returned.
func (w *chainWorld) cycle(s strike, newest *hand) (*hand, error) {
	before := w.watch.visible()
	next, err := w.blow(s, newest)
	w.disarm()
	if err == nil {
		err = w.awaitProgress(before)
	}
	w.retire(next)
	return next, err
}

// retire lets go of all but the newest two members, in order.
func (w *chainWorld) retire(newest *hand) {
	living := slices.DeleteFunc(w.all(), func(m *hand) bool { return m.gone.Load() || m == newest })
	for len(living) > 1 {
		living[0].leave()
		living = living[1:]
	}
}

// blow plants the strike, gives it its occasion, and lets follow what follows.
func (w *chainWorld) blow(s strike, newest *hand) (*hand, error) {
	if s.how == refuse {
		return w.refuse(s, newest)
	}
	hit := newest
	if (s.step == "claim" || s.step == "list") && s.how != handover {
		hit = w.join() // while the other works
	}
	t := &chainTrap{n: s.n, drop: s.before && s.how != handover && s.how != delay, do: func(chainCall) { hit.hurt(s.how) }}
	if s.how == delay {
		t.delay = s.hold
	}
	t.match = func(c chainCall) bool { return c.step == s.step && (c.by == hit || c.by == nil || s.how == handover) }
	w.set(t)
	if (s.step == "claim" || s.step == "list") && s.how == handover {
		newest = w.join()
	}
	if err := w.caught(t); err != nil {
		return hit, err
	}
	return w.follows(s, hit, newest)
}

// hurt is what happens at the request; it does not block.
func (m *hand) hurt(how string) {
	switch how {
	case kill:
		m.kill()
	case zombie, partition:
		m.hold()
	case reset:
		for _, w := range m.wires() {
			w.reset()
		}
	}
}

// follows brings in who takes over, and ends what stood still.
func (w *chainWorld) follows(s strike, hit, newest *hand) (*hand, error) {
	switch s.how {
	case kill:
		next := w.join()
		return next, w.boss.bury(hit, s.n%2 == 0)
	case handover:
		if newest == hit {
			newest = w.join()
		}
		return newest, nil
	case zombie:
		next := w.join()
		err := w.boss.bury(hit, s.n%4 == 0) // else the successor's claims alone must do
		time.Sleep(s.hold)
		hit.release()
		return next, err
	case partition:
		time.Sleep(s.hold)
		hit.release()
	case delay:
		time.Sleep(s.hold)
	}
	return hit, nil
}

// refuse has the broker answer the n-th request of its kind with an error.
func (w *chainWorld) refuse(s strike, newest *hand) (*hand, error) {
	fault := kfake.Fault{Keys: []kmsg.Key{keys[s.step]}, Err: s.err, Topic: s.topic}
	seen := 0
	fault.When = func(kmsg.Request) bool {
		seen++
		return seen == s.n
	}
	h := w.cluster.Fault(fault)
	defer h.Remove()
	if s.step == "claim" || s.step == "list" {
		newest = w.join()
	}
	return newest, w.await(2*time.Minute, "the refusal to find its request", func() bool { return h.Hits() > 0 })
}
