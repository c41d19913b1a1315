package coordinator

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/fault"
)

func taskTo(t *testing.T, pairs ...string) map[rows.Task]string {
	t.Helper()
	out := map[rows.Task]string{}
	for i := 0; i < len(pairs); i += 2 {
		task, err := rows.ParseTask(pairs[i])
		must(t, err)
		out[task] = pairs[i+1]
	}
	return out
}

// describe writes down a view.
func describe(v *rows.View) string {
	var out []string
	for t, row := range v.Tasks {
		out = append(out, fmt.Sprintf("%s %s/%s epoch %d from %q for %q", t, row.GetWorker(), row.GetInstance(), row.GetEpoch(), row.GetFrom(), row.GetReason()))
	}
	for t, p := range v.Pins {
		out = append(out, fmt.Sprintf("pin %s %s", t, p))
	}
	for w := range v.Drains {
		out = append(out, "drain "+w)
	}
	slices.Sort(out)
	return fmt.Sprintf("leader epoch %d\n%s", v.Leader.GetEpoch(), strings.Join(out, "\n"))
}

// TestChanges: what is asked by hand, as a trial and in earnest. The trial says the same and writes nothing; what was done
// stays done.
func TestChanges(t *testing.T) {
	for name, c := range map[string]struct {
		first, change Change
		moves, placed string
	}{
		"nothing":      {Change{}, Change{}, "", "x/0 a, x/1 b, x/2 c"},
		"pin":          {Change{}, Change{Pin: taskTo(t, "x/0", "b")}, "x/0 a-b pinned, x/1 b-a balance", "x/0 b, x/1 a, x/2 c"},
		"pin in place": {Change{}, Change{Pin: taskTo(t, "x/0", "a")}, "", "x/0 a, x/1 b, x/2 c"},
		"unpin": {
			Change{Pin: taskTo(t, "x/0", "c", "x/1", "c")},
			Change{Unpin: []rows.Task{{Connector: "x"}}},
			"x/0 c-b balance", "x/0 b, x/1 c, x/2 a",
		},
		"move":        {Change{}, Change{Move: taskTo(t, "x/0", "b")}, "x/0 a-b moved by hand, x/1 b-a balance", "x/0 b, x/1 a, x/2 c"},
		"drain":       {Change{}, Change{Drain: []string{"c"}}, "x/2 c-a drain of c", "x/0 a, x/1 b, x/2 a"},
		"drain twice": {Change{Drain: []string{"c"}}, Change{Drain: []string{"c"}}, "", "x/0 a, x/1 b, x/2 a"},
		"drain all":   {Change{}, Change{Drain: []string{"a", "b", "c"}}, "", "x/0 a, x/1 b, x/2 c"},
		"undrain":     {Change{Drain: []string{"c"}}, Change{Undrain: []string{"c"}}, "x/2 a-c balance", "x/0 a, x/1 b, x/2 c"},
	} {
		t.Run(name, func(t *testing.T) {
			w, a, _, _ := three(t)
			if _, err := a.Change(t.Context(), c.first, false); err != nil {
				t.Fatal(err)
			}
			a.settle(t)
			log, before := len(w.log), describe(a.Board.View())
			trial, err := a.Change(t.Context(), c.change, true)
			must(t, err)
			if len(w.log) != log || describe(a.Board.View()) != before {
				t.Errorf("a trial wrote %s", shown(w.log[log:]))
			}
			moves, err := a.Change(t.Context(), c.change, false)
			must(t, err)
			if !slices.Equal(moves, trial) {
				t.Errorf("tried %v, done %v", trial, moves)
			}
			var words []string
			for _, m := range moves {
				words = append(words, fmt.Sprintf("%s %s-%s %s", m.Task, m.From, m.To, m.Reason))
			}
			same(t, "moves", strings.Join(words, ", "), c.moves)
			same(t, "places", a.placed(), c.placed)
			a.settle(t)
			same(t, "places after more passes", a.placed(), c.placed)
			w.owners(t, "x/0", "x/1", "x/2")
			w.epochs(t)
		})
	}
}

// TestChangesOfWhatIsNotThere are refused by name, and nothing of them is done.
func TestChangesOfWhatIsNotThere(t *testing.T) {
	for want, c := range map[string]Change{
		`there is no task "x/9"`:         {Pin: taskTo(t, "x/9", "a"), Drain: []string{"a"}},
		`there is no task "y/0"`:         {Move: taskTo(t, "y/0", "a")},
		`there is no worker "d"`:         {Pin: taskTo(t, "x/0", "d")},
		`there is no worker "e"`:         {Move: taskTo(t, "x/0", "e")},
		`there is no worker "f"`:         {Drain: []string{"a", "f"}},
		`there is no pin of task "x/0"`:  {Unpin: []rows.Task{{Connector: "x"}}, Drain: []string{"a"}},
		`there is no drained worker "a"`: {Undrain: []string{"a"}},
	} {
		t.Run(want, func(t *testing.T) {
			w, a, _, _ := three(t)
			log := len(w.log)
			for _, dry := range []bool{true, false} {
				moves, err := a.Change(t.Context(), c, dry)
				if err == nil || !strings.Contains(err.Error(), want) || fault.KindOf(err) != fault.Permanent || moves != nil {
					t.Errorf("moves %v, error %v", moves, err)
				}
			}
			if len(w.log) != log {
				t.Errorf("written: %s", shown(w.log[log:]))
			}
		})
	}
}

func TestChangesAreTheLeaders(t *testing.T) {
	_, _, b, _ := three(t)
	for _, dry := range []bool{true, false} {
		if _, err := b.Change(t.Context(), Change{Drain: []string{"a"}}, dry); !lost(err) {
			t.Errorf("on another worker: %v", err)
		}
	}
}

// TestAPinOutlivesItsWorker and holds again when that comes back; one of a deleted connector does not outlive it.
func TestAPinOutlivesItsWorker(t *testing.T) {
	w, a, b, _ := three(t)
	if _, err := a.Change(t.Context(), Change{Pin: taskTo(t, "x/1", "b")}, false); err != nil {
		t.Fatal(err)
	}
	w.kill(b)
	a.settle(t)
	if got := a.row(t, "x/1").GetWorker(); got == "b" {
		t.Error("it is still there")
	}
	again := w.start("b", "b-again")
	again.gossips()
	a.settle(t)
	if row := a.row(t, "x/1"); row.GetInstance() != "b-again" || row.GetReason() != "pinned" {
		t.Errorf("row: %v", row)
	}
	must(t, a.Herder.Delete(t.Context(), "x"))
	if pins := a.Board.View().Pins; len(pins) != 0 {
		t.Errorf("pins of a deleted connector: %v", pins)
	}
}

// TestAMoveToWhoIsDrained comes to nothing, as the list of moves says.
func TestAMoveToWhoIsDrained(t *testing.T) {
	w, a, _, _ := three(t)
	if _, err := a.Change(t.Context(), Change{Drain: []string{"c"}}, false); err != nil {
		t.Fatal(err)
	}
	log := len(w.log)
	moves, err := a.Change(t.Context(), Change{Move: taskTo(t, "x/0", "c")}, false)
	if err != nil || len(moves) != 0 || len(w.log) != log {
		t.Errorf("moves %v, error %v, written %s", moves, err, shown(w.log[log:]))
	}
}
