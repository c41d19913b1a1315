package chaos

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// strike is one blow: at the n-th request of a kind, counted from when it is armed.
type strike struct {
	step   string // produce, end, claim, add, list, find, http
	n      int
	before bool // the request is not carried out; else it is, and its answer is lost
	how    string
	hold   time.Duration // how long the network stands still, the zombie sleeps, or the request takes
	err    *kerr.Error   // of a refusal
	topic  string        // of the request that is refused; empty: any
}

// Kinds of blows.
const (
	kill      = "kill"      // kill -9 of the newest member; a new one comes
	zombie    = "zombie"    // it stands still while a new one takes over, then goes on
	handover  = "handover"  // a new one takes over while it works
	reset     = "reset"     // its connections break
	delay     = "delay"     // the request arrives late
	partition = "partition" // it stands still for a while, and goes on
	refuse    = "refuse"    // the broker answers with an error
)

func (s strike) String() string {
	when := "after"
	if s.before {
		when = "before"
	}
	text := fmt.Sprintf("%s %s %s %d", s.how, when, s.step, s.n)
	if s.hold > 0 {
		text += fmt.Sprintf(" for %s", s.hold)
	}
	if s.err != nil {
		text += " with " + s.err.Message
	}
	return text
}

// steps are drawn from this: commits are where it hurts.
var steps = []string{"produce", "produce", "produce", "end", "end", "end", "end", "claim", "list", "http", "add"}

// holds are short, or longer than the transaction timeout.
var holds = []time.Duration{300 * time.Millisecond, 3 * time.Second, txnTimeout + 2*time.Second}

// refusals are errors that a broker may give instead of doing what it was asked, and by which request.
var refusals = map[string][]*kerr.Error{
	"produce": {kerr.NotLeaderForPartition, kerr.MessageTooLarge, kerr.UnknownServerError, kerr.InvalidProducerEpoch, kerr.NotEnoughReplicas, kerr.RequestTimedOut},
	"end":     {kerr.NotCoordinator, kerr.ConcurrentTransactions, kerr.UnknownServerError, kerr.InvalidProducerIDMapping, kerr.RequestTimedOut, kerr.CoordinatorLoadInProgress},
	"claim":   {kerr.CoordinatorNotAvailable, kerr.ConcurrentTransactions, kerr.UnknownServerError},
	"add":     {kerr.ConcurrentTransactions, kerr.NotCoordinator, kerr.InvalidTxnState, kerr.UnknownServerError},
	"list":    {kerr.NotLeaderForPartition, kerr.UnknownServerError},
}

var keys = map[string]kmsg.Key{
	"produce": kmsg.Produce, "end": kmsg.EndTxn, "claim": kmsg.InitProducerID, "add": kmsg.AddPartitionsToTxn, "list": kmsg.ListOffsets,
}

// draw plans a strike. Only an old broker sees partitions added to transactions.
func draw(rng *rand.Rand, old bool) strike {
	choice := steps
	if !old {
		choice = steps[:len(steps)-1]
	}
	s := strike{step: choice[rng.IntN(len(choice))], n: 1 + rng.IntN(12), before: rng.IntN(2) == 0}
	s.how = []string{kill, kill, kill, zombie, zombie, handover, reset, delay, partition, refuse, refuse}[rng.IntN(11)]
	if s.how == zombie || s.how == partition || s.how == delay {
		s.hold = holds[rng.IntN(len(holds))]
	}
	if s.step == "claim" || s.step == "list" { // these come only with a new member
		s.n = 1 + s.n%6
	}
	if s.how == refuse {
		if s.step == "http" {
			s.step = "end"
		}
		s.err = refusals[s.step][rng.IntN(len(refusals[s.step]))]
	}
	return s
}

// armed is a strike that waits for its request.
type armed struct {
	strike
	seen  int
	hit   func() // what to do then; it must not block
	fired chan struct{}
}

var errStruck = errors.New("struck")

// arm plants s for the newest member.
func (w *world) arm(s strike, hit func()) *armed {
	a := &armed{strike: s, hit: hit, fired: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.strike = a
	return a
}

func (w *world) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.strike = nil
}

// step is called with every request. The request is to be carried out after the time returned; an error means that it
// is not to be carried out at all.
func (w *world) step(step string) (time.Duration, error) {
	w.mu.Lock()
	a := w.strike
	if a == nil || a.step != step {
		w.mu.Unlock()
		return 0, nil
	}
	if a.seen++; a.seen < a.n {
		w.mu.Unlock()
		return 0, nil
	}
	w.strike = nil
	w.mu.Unlock()
	a.hit()
	close(a.fired)
	switch {
	case a.how == delay:
		return a.hold, nil
	case a.before && a.how != handover:
		return 0, errStruck
	}
	return 0, nil
}

// cycle is one strike and the recovery from it; newest is the member at work, and the one at work afterwards is returned.
func (w *world) cycle(s strike, newest *member) (*member, error) {
	before := w.visible()
	next, err := w.blow(s, newest)
	if err != nil {
		return next, err
	}
	return next, w.awaitProgress(before)
}

// blow plants the strike, gives it its occasion, and lets follow what follows.
func (w *world) blow(s strike, newest *member) (*member, error) {
	if s.how == refuse {
		return w.refuse(s, newest)
	}
	a := w.arm(s, func() {
		switch s.how {
		case kill:
			newest.kill()
		case zombie, partition:
			newest.wire.hold()
		case reset:
			newest.wire.reset()
		}
	})
	next := newest
	if s.step == "claim" || s.step == "list" {
		next = w.join() // while the other works
		if s.how != handover {
			newest, next = next, nil // the strike is for the one that comes
			a.hit = func() {}
			w.aim(a, s, newest)
		}
	}
	if err := w.await(2*time.Minute, "the strike to find its request", func() bool {
		select {
		case <-a.fired:
			return true
		default:
			return false
		}
	}); err != nil {
		return newest, err
	}
	return w.follows(s, newest, next)
}

// aim points an armed strike at another member.
func (w *world) aim(a *armed, s strike, m *member) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a.hit = func() {
		switch s.how {
		case kill:
			m.kill()
		case zombie, partition:
			m.wire.hold()
		case reset:
			m.wire.reset()
		}
	}
}

// follows brings in who takes over, and ends what stood still.
func (w *world) follows(s strike, hit, next *member) (*member, error) {
	switch s.how {
	case kill:
		return w.join(), nil
	case handover:
		if next == hit {
			next = w.join()
		}
		return next, nil
	case zombie:
		next = w.join()
		time.Sleep(s.hold)
		hit.wire.release()
		return next, nil
	case partition:
		time.Sleep(s.hold)
		hit.wire.release()
	case delay:
		time.Sleep(s.hold)
	}
	return hit, nil
}

// refuse has the broker answer the n-th request of its kind with an error.
func (w *world) refuse(s strike, newest *member) (*member, error) {
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
