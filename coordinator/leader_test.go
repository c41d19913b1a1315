package coordinator

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
)

var errAway = &fault.Error{Kind: fault.Retriable, Op: "commit", Err: errors.New("broker away")}

// TestTwoLeadersAtOnce: both believe that they lead. Nothing of the deposed one's write lands, and it does not fight back.
func TestTwoLeadersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a, b := w.add("a"), w.add("b")
		a.put(t, "c", config(2, 0))
		a.settle(t)
		b.lead(true) // and a does not know
		b.settle(t)
		log, claims := len(w.log), a.claims
		if err := a.Herder.Put(t.Context(), "c", config(3, 0)); !lost(err) {
			t.Fatalf("the deposed leader's change: %v", err)
		}
		if len(w.log) != log {
			t.Fatalf("of the deposed leader's change %s landed", shown(w.log[log:]))
		}
		if err := a.once(t.Context()); !lost(err) || a.claims != claims {
			t.Errorf("at once after it was deposed: %v, %d new claims", err, a.claims-claims)
		}
		if err := b.Herder.Put(t.Context(), "c", config(3, 0)); err != nil {
			t.Errorf("the leader was disturbed: %v", err)
		}
		b.settle(t)
		w.owners(t, "c/0", "c/1", "c/2")
		w.epochs(t)
	})
}

// duel lets two workers take part for some time that both believe that they lead, and each that it is alone.
func (w *world) duel(t *testing.T, d time.Duration) (a, b *node) {
	t.Helper()
	a, b = w.add("a"), w.add("b")
	a.put(t, "c", config(1, 0))
	b.lead(true)
	for i, n := range []*node{a, b} {
		n.asked = func() ([]Living, bool, error) { return w.members[i : i+1], true, nil }
	}
	run(t, d, a, b)
	return a, b
}

// TestTwoLeadersDoNotDuel: they claim the id from each other ever less often.
func TestTwoLeadersDoNotDuel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a, b := w.duel(t, 4*time.Minute)
		if n := a.claims + b.claims; n < 2 || n > 40 {
			t.Errorf("%d claims in four minutes: waits of 2, 4, 8, 16, 30, 30 ... seconds make fewer than 40", n)
		}
		w.epochs(t)
	})
}

// TestALeadThatComesBackIsTakenAtOnce: a was fenced again and again, lost the lead by the group's word, too, and is given it
// back.
func TestALeadThatComesBackIsTakenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a, b := w.duel(t, time.Minute)
		time.Sleep(31 * time.Second)
		for i, n := range []*node{a, b, a} {
			if err := n.once(t.Context()); lost(err) != (i == 2) {
				t.Fatalf("after a minute of duel: %v", err)
			}
		}
		b.lead(false)
		a.lead(false)
		run(t, time.Second, a)
		a.lead(true)
		if err := a.once(t.Context()); err != nil {
			t.Errorf("the group's only leader: %v", err)
		}
	})
}

// run lets workers take part for some time.
func run(t *testing.T, d time.Duration, nodes ...*node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	done := make(chan error)
	for _, n := range nodes {
		go func() { done <- n.Run(ctx) }()
	}
	for range nodes {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestAClaimAnewDoesNotOverwriteWhatCameBetween: a's commit fails in a way that may heal. Meanwhile b has led and written.
// When a claims again, the rows that it meant to write were worked out on what is no longer so.
func TestAClaimAnewDoesNotOverwriteWhatCameBetween(t *testing.T) {
	w := newWorld()
	a, b := w.add("a"), w.add("b")
	a.put(t, "c", config(2, 0))
	a.settle(t)
	a.before = func([]record.Message) error {
		a.before = nil
		b.lead(true)
		b.put(t, "d", config(1, 0))
		b.settle(t)
		return errAway
	}
	if err := a.Herder.Put(t.Context(), "c", config(2, 0, "api1.topics", "other")); err == nil {
		t.Errorf("a changed the connector on top of what it had not read")
	}
	b.lead(false)
	w.epochs(t)
}

// TestAFailedWriteIsTriedAgain: once, after another claim; what cannot heal is not tried again.
func TestAFailedWriteIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		landed  bool // before it was said to have failed
		fails   bool
		claims  int
		deposed bool
	}{
		"may heal":              {err: errAway, claims: 2},
		"may heal, had landed":  {err: errAway, landed: true, claims: 2},
		"not authorised":        {err: &fault.Error{Op: "commit", Err: errors.New("not authorised")}, fails: true, claims: 1},
		"fenced":                {err: &fault.Error{Kind: fault.Fenced, Op: "commit", Err: errors.New("fenced")}, fails: true, claims: 1, deposed: true},
		"may heal, but deposed": {err: errAway, fails: true, claims: 1, deposed: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				a := w.add("a")
				a.settle(t)
				fail := func([]record.Message) error {
					a.before, a.after = nil, nil
					if c.deposed {
						a.lead(false)
					}
					return c.err
				}
				if a.before = fail; c.landed {
					a.before, a.after = nil, fail
				}
				err := a.Herder.Put(t.Context(), "c", config(1, 0))
				if (err != nil) != c.fails || a.claims != c.claims {
					t.Fatalf("%v after %d claims, want %d", err, a.claims, c.claims)
				}
				if _, stored := w.stored(t).Connector("c"); stored == c.fails {
					t.Errorf("stored: %v", stored)
				}
				if c.deposed {
					if err := a.Herder.Put(t.Context(), "c", config(1, 0)); !lost(err) {
						t.Errorf("deposed, but: %v", err)
					}
				} else if a.settle(t); !c.fails {
					w.owners(t, "c/0")
				}
				w.epochs(t)
			})
		})
	}
}

// TestANewLeaderReadsEverythingFirst: what its predecessor has committed is in the topics before the first pass and the
// first change, however far behind the readers are.
func TestANewLeaderReadsEverythingFirst(t *testing.T) {
	first, second := config(2, 0), config(2, 0, "api1.topics", "other")
	begin := func(t *testing.T) (*world, *node) {
		w := newWorld()
		a, b := w.add("a"), w.add("b")
		a.put(t, "c", first)
		a.settle(t)
		b.lags = true
		a.put(t, "c", second)
		w.kill(a)
		b.lead(true)
		return w, b
	}
	t.Run("a pass does not assign an old configuration", func(t *testing.T) {
		_, b := begin(t)
		must(t, b.once(t.Context()))
		if got, want := b.row(t, "c/0").GetConfig(), configs.Fingerprint(named("c", second)); got != want {
			t.Errorf("the first pass gave the task for configuration %s, but %s stands in the topic", got, want)
		}
	})
	t.Run("a change back is a change", func(t *testing.T) {
		w, b := begin(t)
		must(t, b.Herder.Put(t.Context(), "c", first))
		if c, _ := w.stored(t).Connector("c"); configs.Fingerprint(c.Config) != configs.Fingerprint(named("c", first)) {
			t.Error("the change was taken for none, because an older configuration than the stored one was compared")
		}
	})
	t.Run("offsets of a connector that runs are not altered", func(t *testing.T) {
		w := newWorld()
		a, b := w.add("a"), w.add("b")
		a.put(t, "c", first)
		must(t, a.Herder.Target(t.Context(), "c", "STOPPED"))
		b.lags = true
		must(t, a.Herder.Target(t.Context(), "c", "STARTED"))
		w.kill(a)
		b.lead(true)
		if err := b.Herder.Alter(t.Context(), "c", map[string][]record.Message{"g-c-0": nil}); !errors.Is(err, ErrNotStopped) {
			t.Errorf("alter: %v", err)
		}
	})
}

func TestChangesWaitForEachOtherButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newWorld().add("a")
		must(t, a.Leader.Take(t.Context()))
		began := time.Now()
		err := a.Herder.Put(t.Context(), "c", config(1, 0))
		if fault.KindOf(err) != fault.Retriable || err == nil || time.Since(began) != passLimit {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		a.Leader.Give()
		a.put(t, "c", config(1, 0))
	})
}

func TestKnownLeader(t *testing.T) {
	w := newWorld()
	a, b := w.add("a"), w.add("b")
	check := func(n *node, self, known bool) {
		t.Helper()
		if s, k := n.Known(t.Context()); s != self || k != known {
			t.Errorf("%s: self %v, known %v", n.Self.GetName(), s, k)
		}
	}
	check(a, true, false) // it leads, but has not written so yet
	check(b, false, false)
	a.settle(t)
	check(a, true, true)
	check(b, false, true)
	w.kill(a)
	check(b, false, false) // the row names one that is gone
	w.kill(b)
	check(b, false, false)
	b.asked = func() ([]Living, bool, error) { return nil, false, errors.New("away") }
	check(b, false, false)
	if name, url, self, known := b.Board.Leader(); name != "a" || url != "http://a" || self || !known {
		t.Error(name, url, self, known)
	}
}
