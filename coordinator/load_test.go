package coordinator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/coordinator/load"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// TestALoadedWorkerIsRelieved: six tasks on three workers, and those of one do ten times as much as the others for more
// than five minutes. The leader hears of it and moves one of them, and to an idle worker what stood beside it; then nothing
// moves any more.
func TestALoadedWorkerIsRelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a, _, _ := three(t)
		a.put(t, "x", config(6, 0))
		a.settle(t)
		before := a.placed()
		begin(t, a)
		say := func(d time.Duration) {
			for until := time.Now().Add(d); time.Now().Before(until); time.Sleep(load.Every) {
				for row := range a.Board.View().Tasks {
					records := 10.0
					if strings.Contains(before, row.String()+" b") {
						records = 100
					}
					word := &headwaterv1.Loads{Tasks: []*headwaterv1.TaskLoad{{Connector: row.Connector, Task: int32(row.N), Records: records}}}
					a.Received(word)
				}
			}
		}
		say(4 * time.Minute)
		same(t, "before it has lasted", a.placed(), before)
		w.forget()
		say(4 * time.Minute)
		same(t, "when it has lasted", a.placed(), "x/0 a, x/1 c, x/2 a, x/3 a, x/4 b, x/5 a")
		w.forget()
		say(20 * time.Minute)
		same(t, "moved later", w.told(), "")
	})
}

// TestLoadGoesToTheLeader by gossip, or without it when the leader is oneself.
func TestLoadGoesToTheLeader(t *testing.T) {
	_, a, b, _ := three(t)
	word := []*headwaterv1.TaskLoad{{Connector: "x", Records: 5}}
	b.Report(word)
	same(t, "b tells", strings.Join(b.talk.told, ","), "a: loads of 1")
	a.Report(word)
	same(t, "a tells", strings.Join(a.talk.told, ","), "")
}
