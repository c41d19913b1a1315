package limit

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestALimitHasACeiling: what another worker says is bounded as what the API says, and a shorter one shortens nothing.
func TestALimitHasACeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limits{}
		l.Hold("c", 1<<62)
		l.Hold("c", time.Second)
		l.Hold("c", -time.Hour)
		if left := time.Until(l.Held("c")); left != maxHold {
			t.Errorf("held for %s", left)
		}
		time.Sleep(maxHold)
		if !l.Held("c").IsZero() || len(l.until) != 0 {
			t.Error("held for ever")
		}
	})
}
