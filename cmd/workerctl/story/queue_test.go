package story_test

import (
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/cmd/workerctl/story"
	"github.com/headwater/headwater/internal/api/wire"
)

func TestChild(t *testing.T) {
	for _, c := range []struct {
		state string
		queue wire.QueueAPI
		want  string
	}{
		{"PAUSED", wire.QueueAPI{Waiting: 1}, "is paused, because somebody asked for it. To go on: workerctl connector resume orders"},
		{"RUNNING", wire.QueueAPI{}, "has no items yet; its parents have to emit something."},
		{"RUNNING", wire.QueueAPI{Waiting: 1, Active: 2}, "has 1 item that waits for a first crawl or a new one."},
		{
			"RUNNING",
			wire.QueueAPI{Waiting: 2, OldestWaiting: now.Add(-3 * time.Minute)},
			"has 2 items that wait for a first crawl or a new one, the oldest for 3 min.",
		},
		{"RUNNING", wire.QueueAPI{Active: 2}, "has 2 items with more pages to come."},
		{"RUNNING", wire.QueueAPI{Idle: 2, NextDue: now.Add(time.Minute)}, "has nothing to do; the next item is due in 1 min (at 12:01:00 UTC)."},
		{"RUNNING", wire.QueueAPI{Failed: 3}, "tries 3 items again that failed."},
		{"RUNNING", wire.QueueAPI{Idle: 2}, "has done all its items; its parents have to emit something."},
	} {
		if got := story.Child("orders", wire.API{State: c.state, Queue: &c.queue}, now); got != c.want {
			t.Errorf("%+v\ngot  %s\nwant %s", c.queue, got, c.want)
		}
	}
}

func TestLanes(t *testing.T) {
	got := strings.Join(story.Lanes([]wire.ExplainLanes{
		{Waiting: "interval", Lanes: 12, Workers: []string{"w1", "w2"}},
		{Waiting: "", Lanes: 1, Workers: []string{"w1"}},
		{Waiting: "no worker", Lanes: 1},
		{Waiting: "failed", Lanes: 1, Workers: []string{"w1"}, Trace: "no room\nat x"},
	}, now), "\n")
	want := `12 lanes on w1, w2: nothing due, or request.interval.ms between two requests
1 lane on w1: is working, it waits for nothing
1 lane: read by nobody, not counted above. Who is there: workerctl worker list
1 lane on w1: failed: no room`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestIn(t *testing.T) {
	for d, want := range map[time.Duration]string{-time.Second: "now", 0: "now", time.Minute: "in 1 min"} {
		if got := story.In(now.Add(d), now); got != want {
			t.Errorf("%s: %q", d, got)
		}
	}
	if got := story.In(time.Time{}, now); got != "" {
		t.Errorf("%q", got)
	}
}
