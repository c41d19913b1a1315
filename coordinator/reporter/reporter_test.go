package reporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// topic is a status topic in memory, which fails when told to.
type topic struct {
	mu    sync.Mutex
	log   []record.Message
	tries []time.Time
	fail  error
	read  int
}

func (f *topic) send(_ context.Context, rows []record.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tries = append(f.tries, time.Now())
	if f.fail == nil {
		f.log = append(f.log, rows...)
	}
	return f.fail
}

func (f *topic) breaks(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

// deliver lets r read what is new.
func (f *topic) deliver(r *Reporter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ; f.read < len(f.log); f.read++ {
		r.Read(int64(f.read), f.log[f.read])
	}
}

func (f *topic) lines() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, m := range f.log {
		out = append(out, string(m.Key)+" "+string(m.Value))
	}
	return out
}

func fresh() (*Reporter, *topic) {
	f := &topic{}
	return New(Config{Topic: "s", WorkerID: "w:1", Version: "1", Send: f.send, Log: slog.New(slog.DiscardHandler), Tracking: true}), f
}

func flush(t interface{ Fatal(...any) }, r *Reporter) {
	if err := r.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// elsewhere is a record of another worker.
func elsewhere(s status.State, generation int64) record.Message {
	return status.Topic("s").Task("c", 0, status.Status{State: s, WorkerID: "other:1", Generation: generation})
}

func state(r *Reporter, id int) status.State {
	_, tasks := r.Status("c")
	return tasks[id].State
}

func TestOwnReportsShowAtOnce(t *testing.T) {
	r, f := fresh()
	r.Connector("c", status.Running, "", 3)
	r.Task("c", 0, status.Failed, "boom", 3)
	check := func(when string) {
		t.Helper()
		c, tasks := r.Status("c")
		if c == nil || c.State != status.Running || !maps.Equal(tasks, map[int]status.Status{0: {State: status.Failed, Trace: "boom", WorkerID: "w:1", Generation: 3, Version: "1"}}) {
			t.Errorf("%s: %+v %+v", when, c, tasks)
		}
	}
	check("before it is sent")
	flush(t, r)
	check("before it is read back")
	f.deliver(r)
	check("read back")
	if len(r.own) != 0 {
		t.Errorf("%d rows held after all are read back", len(r.own))
	}
	want := []string{
		`status-connector-c {"state":"RUNNING","trace":null,"worker_id":"w:1","generation":3,"version":"1"}`,
		`status-task-c-0 {"state":"FAILED","trace":"boom","worker_id":"w:1","generation":3,"version":"1"}`,
	}
	if got := f.lines(); !slices.Equal(got, want) {
		t.Errorf("the topic has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheNewestStateOfAKeyIsSent(t *testing.T) {
	r, f := fresh()
	for range 100 {
		r.Task("c", 0, status.Running, "", 3)
		r.Task("c", 0, status.Paused, "", 3)
	}
	flush(t, r)
	if got := f.lines(); len(got) != 1 || !strings.Contains(got[0], "PAUSED") {
		t.Errorf("sent %v", got)
	}
}

func TestAnEarlierReportOfOursDoesNotShowAgain(t *testing.T) {
	r, f := fresh()
	r.Task("c", 0, status.Running, "", 3)
	flush(t, r)
	r.Task("c", 0, status.Paused, "", 3)
	flush(t, r)
	r.Read(0, f.log[0])
	if got := state(r, 0); got != status.Paused {
		t.Errorf("%s, after PAUSED was reported and RUNNING read", got)
	}
	r.Read(1, f.log[1])
	r.Read(2, elsewhere(status.Running, 4))
	if _, tasks := r.Status("c"); tasks[0].WorkerID != "other:1" {
		t.Errorf("the new owner's report is hidden: %+v", tasks)
	}
}

// TestSafeReports: FAILED and UNASSIGNED do not hide a new owner, whether it is known before the report, while the report
// waits, or while it could not be sent.
func TestSafeReports(t *testing.T) {
	for _, s := range []status.State{status.Failed, status.Unassigned} {
		r, f := fresh()
		r.Read(0, elsewhere(status.Running, 5))
		r.Task("c", 0, s, "", 4)
		r.Read(1, elsewhere(status.Paused, 4))
		r.Task("c", 0, s, "", 4)
		r.Read(2, elsewhere(status.Running, 5))
		flush(t, r)
		if got := f.lines(); len(got) != 0 || state(r, 0) != status.Running {
			t.Errorf("%s: sent %v", s, got)
		}
		r.Task("c", 0, s, "", 5)
		flush(t, r)
		if got := f.lines(); len(got) != 1 {
			t.Errorf("%s of the same generation: sent %v", s, got)
		}
	}
}

func TestASafeReportIsOvertakenWhileItIsSent(t *testing.T) {
	r, _ := fresh()
	tries := 0
	r.config.Send = func(context.Context, []record.Message) error {
		tries++
		r.Read(0, elsewhere(status.Running, 9))
		return errors.New("no leader")
	}
	r.Task("c", 0, status.Failed, "", 4)
	flush(t, r)
	if tries != 1 || state(r, 0) != status.Running {
		t.Errorf("%d tries, state %s", tries, state(r, 0))
	}
}

func TestRemoved(t *testing.T) {
	r, f := fresh()
	for id := range 3 {
		r.Task("c", id, status.Running, "", 3)
	}
	r.Connector("c", status.Running, "", 3)
	r.Task("c-1", 0, status.Running, "", 3)
	flush(t, r)
	f.deliver(r)
	r.TaskRemoved("c", 2)
	r.Task("c", 4, status.Running, "", 3)
	r.Removed("c", []int{0, 7})
	if c, tasks := r.Status("c"); c != nil || len(tasks) != 0 {
		t.Errorf("after it was removed: %v %v", c, tasks)
	}
	sent := len(f.lines())
	flush(t, r)
	f.deliver(r)
	got := f.lines()[sent:]
	slices.Sort(got)
	if want := []string{"status-connector-c ", "status-task-c-0 ", "status-task-c-1 ", "status-task-c-2 ", "status-task-c-4 ", "status-task-c-7 "}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if _, tasks := r.Status("c-1"); len(tasks) != 1 || len(r.own) != 0 {
		t.Errorf("c-1 has %v, held %v", tasks, r.own)
	}
}

func TestTopics(t *testing.T) {
	r, f := fresh()
	at := time.UnixMilli(1700000000000)
	for range 5 {
		r.Uses("orders", "c", 0, at)
		flush(t, r)
		f.deliver(r)
	}
	want := []string{`status-topic-orders:connector-c {"topic":{"name":"orders","connector":"c","task":0,"discoverTimestamp":1700000000000}}`}
	if got := f.lines(); !slices.Equal(got, want) || !slices.Equal(r.Topics("c"), []string{"orders"}) {
		t.Errorf("sent %q, topics %v", got, r.Topics("c"))
	}
	r.Uses("more", "c", 1, at)
	r.ResetTopics("c")
	if got := r.Topics("c"); len(got) != 0 {
		t.Errorf("after a reset: %v", got)
	}
	r.Uses("more", "c", 1, at)
	flush(t, r)
	f.deliver(r)
	if got := r.Topics("c"); !slices.Equal(got, []string{"more"}) || len(r.own) != 0 {
		t.Errorf("topics %v, held %v", got, r.own)
	}
	r.config.Tracking = false
	r.Uses("third", "c", 0, at)
	if got := r.Topics("c"); len(got) != 1 {
		t.Errorf("without tracking: %v", got)
	}
}

func TestATraceIsCut(t *testing.T) {
	for _, trace := range []string{strings.Repeat("é", 5000), "a" + strings.Repeat("\U0001F600", 5000), strings.Repeat("x", maxTrace+1)} {
		got := cut(trace)
		if len(got) > maxTrace || len(got) < maxTrace-16 || !utf8.ValidString(got) || !strings.HasSuffix(got, "… (cut)") {
			t.Errorf("%d bytes, ends with %q", len(got), got[len(got)-20:])
		}
	}
	if got := cut("a\xffb"); got != "a\uFFFDb" {
		t.Errorf("%q", got)
	}
}

// TestTriesAgain: the waits grow up to their ceiling, nobody who reports waits, and what was reported meanwhile is sent
// in the end, once.
func TestTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f := fresh()
		f.breaks(errors.New("no broker"))
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { _ = r.Run(ctx) })
		for i := range 10 * 60 {
			r.Task("c", i%7, status.Running, "", int64(i))
			time.Sleep(time.Second)
		}
		for i := 1; i < len(f.tries); i++ {
			gap, want := f.tries[i].Sub(f.tries[i-1]), min(firstWait<<min(i-1, 20), lastWait)
			if gap != want {
				t.Errorf("wait %d is %v, want %v", i, gap, want)
			}
		}
		if n := len(f.tries); n < 20 || n > 40 {
			t.Errorf("%d tries in 10 min", n)
		}
		f.breaks(nil)
		time.Sleep(lastWait)
		synctest.Wait()
		if got := f.lines(); len(got) != 7 || r.waiting() != 0 {
			t.Errorf("sent %d rows, %d wait: %v", len(got), r.waiting(), got)
		}
		cancel()
		done.Wait()
	})
}

func TestFlushIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f := fresh()
		f.breaks(errors.New("no broker"))
		r.Task("c", 0, status.Unassigned, "", 1)
		began := time.Now()
		err := r.Flush(t.Context())
		if err == nil || !strings.Contains(err.Error(), "last 1 statuses to s") || !strings.Contains(err.Error(), "no broker") {
			t.Errorf("err %v", err)
		}
		if took := time.Since(began); took != flushTimeout {
			t.Errorf("took %v", took)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	r, f := fresh()
	for i := range maxRows + 10 {
		r.Task("c", i, status.Running, "", 1)
	}
	r.Task("c", 0, status.Paused, "", 1) // a key that is queued has its room
	if len(r.own) != maxRows || r.refused != 10 || state(r, 0) != status.Paused {
		t.Errorf("%d rows held, %d refused", len(r.own), r.refused)
	}
	flush(t, r)
	if got := len(f.lines()); got != maxRows {
		t.Errorf("%d rows sent", got)
	}
	r.Task("c", maxRows+1, status.Running, "", 1)
	if len(r.own) != 1 {
		t.Errorf("%d rows held: those that were sent make room", len(r.own))
	}
}

// TestAnyOrder: whatever is reported, sent, failed and read in whatever order, the topic ends with the newest report of
// each key, and so does what is shown, all the time.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, f := fresh()
		want := map[int]status.State{}
		states := []status.State{status.Running, status.Paused, status.Failed, status.Unassigned, status.Restarting}
		t.Repeat(map[string]func(*rapid.T){
			"report": func(t *rapid.T) {
				id, s := rapid.IntRange(0, 3).Draw(t, "id"), rapid.SampledFrom(states).Draw(t, "state")
				r.Task("c", id, s, "", 3)
				want[id] = s
			},
			"remove": func(t *rapid.T) {
				id := rapid.IntRange(0, 3).Draw(t, "id")
				r.TaskRemoved("c", id)
				delete(want, id)
			},
			"send": func(*rapid.T) { _ = r.sendBatch(context.Background()) },
			"fail": func(*rapid.T) {
				f.breaks(errors.New("no"))
				_ = r.sendBatch(context.Background())
				f.breaks(nil)
			},
			"read": func(*rapid.T) { f.deliver(r) },
			"": func(t *rapid.T) {
				_, tasks := r.Status("c")
				if got := fmt.Sprint(shown(tasks)); got != fmt.Sprint(want) {
					t.Fatalf("shows %v, want %v", got, want)
				}
			},
		})
		flush(t, r)
		f.deliver(r)
		_, tasks := r.Status("c")
		if len(r.own) != 0 || fmt.Sprint(shown(tasks)) != fmt.Sprint(want) {
			t.Fatalf("in the end: %v, want %v; held %v", shown(tasks), want, r.own)
		}
	})
}

func shown(tasks map[int]status.Status) map[int]status.State {
	out := map[int]status.State{}
	for id, s := range tasks {
		out[id] = s.State
	}
	return out
}
