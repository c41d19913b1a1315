package fleet_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/test/rolling/fleet"
)

func TestEven(t *testing.T) {
	tasks := func(workers string) (out []fleet.Task) {
		for _, w := range strings.Fields(workers) {
			out = append(out, fleet.Task{Worker: strings.Trim(w, "-")})
		}
		return out
	}
	names := []string{"a", "b"}
	for workers, even := range map[string]bool{
		"a b a": true, "a a b b": true, "a a a b": false, "a b c": false, "a b -": false, "a b": true, "a a": false,
	} {
		if err := fleet.Even(tasks(workers), len(strings.Fields(workers)), names); (err == nil) != even {
			t.Errorf("%s: %v", workers, err)
		}
	}
	if err := fleet.Even(tasks("a b"), 3, names); err == nil {
		t.Error("a task is missing, and that is even")
	}
}

func TestAwaitSaysWhatItWaitedFor(t *testing.T) {
	err := fleet.Await(t.Context(), 60*time.Millisecond, "rain", func(context.Context) error { return errors.New("sunny") })
	if err == nil || !strings.Contains(err.Error(), "rain") || !strings.Contains(err.Error(), "sunny") {
		t.Error(err)
	}
}
