package wire

import (
	"testing"
	"time"
)

func TestQueueAPIAdds(t *testing.T) {
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	a := QueueAPI{API: 2, Waiting: 1, Active: 2, Idle: 3, Failed: 4, Ended: 5, OldestWaiting: late}
	a.Add(QueueAPI{Waiting: 10, Active: 20, Idle: 30, Failed: 40, Ended: 50, OldestWaiting: early, NextDue: late})
	a.Add(QueueAPI{})
	want := QueueAPI{API: 2, Waiting: 11, Active: 22, Idle: 33, Failed: 44, Ended: 55, OldestWaiting: early, NextDue: late}
	if a.Waiting != want.Waiting || a.Active != want.Active || a.Idle != want.Idle || a.Failed != want.Failed || a.Ended != want.Ended ||
		!a.OldestWaiting.Equal(early) || !a.NextDue.Equal(late) {
		t.Errorf("%+v, want %+v", a, want)
	}
}

func TestPlaceholderKey(t *testing.T) {
	for name, want := range map[string]string{"id": "id", "/team/name": "/team/name", "url": "${url}"} {
		if got := PlaceholderKey(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
