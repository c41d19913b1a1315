package trail

import (
	"fmt"
	"testing"
)

func TestTokenCycleIsFoundHoweverLong(t *testing.T) {
	for _, length := range []int{2, Limit, 3 * Limit} {
		var trail Trail
		steps := 0
		for token := "0"; !trail.Has(token); steps++ {
			if steps > 5*length {
				t.Fatalf("a cycle of %d tokens goes on", length)
			}
			trail = trail.With(token)
			token = fmt.Sprint((steps + 1) % length)
		}
		if length <= Limit && steps != length {
			t.Errorf("a cycle of %d tokens was found after %d", length, steps)
		}
		if len(trail.recent) > Limit {
			t.Errorf("%d tokens are kept", len(trail.recent))
		}
	}
}

func TestTrailsShareNothing(t *testing.T) {
	var start Trail
	start = start.With("a")
	one, two := start.With("b"), start.With("c")
	if one.Has("c") || two.Has("b") || !one.Has("a") || !two.Has("c") {
		t.Error("a trail changed another")
	}
}
