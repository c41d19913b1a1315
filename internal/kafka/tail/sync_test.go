package tail

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// TestListingsAreSharedForward: callers share an answer, and nobody gets one to a question sent before its call (R4).
func TestListingsAreSharedForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []time.Time
		l := &listings{ask: func() (kadm.ListedOffsets, error) {
			sent = append(sent, time.Now())
			at := int64(len(sent))
			time.Sleep(10 * time.Millisecond)
			return kadm.ListedOffsets{"t": {0: {Topic: "t", Offset: at}}}, nil
		}}
		const callers = 500
		type answer struct {
			called time.Time
			number int64
		}
		answers := make(chan answer, callers)
		for i := range callers {
			go func() {
				time.Sleep(time.Duration(i%50) * time.Millisecond)
				a := answer{called: time.Now()}
				listed, err := l.next(t.Context())
				if err != nil {
					t.Error(err)
				}
				a.number = listed["t"][0].Offset
				answers <- a
			}()
		}
		var got []answer
		for range callers {
			got = append(got, <-answers)
		}
		l.close() // also waits for the one that asks
		for _, a := range got {
			if at := sent[a.number-1]; at.Before(a.called) {
				t.Fatalf("a call at %v was answered with a question of %v", a.called, at)
			}
		}
		if len(sent) > 7 { // 50 ms of calls, 10 ms a question
			t.Errorf("%d questions for %d calls", len(sent), callers)
		}
		if _, err := l.next(t.Context()); err == nil {
			t.Error("a closed table answers")
		}
	})
}

// TestListingsOfAnother: who gives up waiting does not take the answer from the others.
func TestListingsOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listings{ask: func() (kadm.ListedOffsets, error) {
			time.Sleep(time.Second)
			return kadm.ListedOffsets{}, nil
		}}
		hasty, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		go func() {
			if _, err := l.next(hasty); err == nil {
				t.Error("no error after its ctx ended")
			}
		}()
		if _, err := l.next(t.Context()); err != nil {
			t.Error(err)
		}
		l.close()
	})
}
