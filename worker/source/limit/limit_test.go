package limit

import (
	"net/http"
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

// TestOneItemsLimitIsItsOwn: an API that is asked for one item after the other limits the connector only when it says so twice
// in a row.
func TestOneItemsLimitIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limits{}
		limited := func() { l.Note("c", true, http.StatusTooManyRequests, []string{"5"}) }
		limited()
		l.Note("c", true, http.StatusOK, nil)
		limited()
		l.Note("c", true, http.StatusInternalServerError, nil)
		l.Note("other", true, http.StatusTooManyRequests, []string{"5"})
		if !l.Held("c").IsZero() {
			t.Error("one item's limit holds back all")
		}
		limited()
		if left := time.Until(l.Held("c")); left != 5*time.Second {
			t.Errorf("held for %s", left)
		}
	})
}
