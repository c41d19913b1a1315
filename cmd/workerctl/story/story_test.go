package story_test

import (
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/cmd/workerctl/story"
	"github.com/headwater/headwater/internal/api/wire"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestSentence(t *testing.T) {
	for _, c := range []struct {
		api  wire.API
		want string
	}{
		{wire.API{Waiting: "interval", Until: now.Add(14 * time.Second)}, "waits for its interval; nothing is wrong, the next request is due in 14 s (at 12:00:14 UTC)."},
		{wire.API{Waiting: "interval", Until: now.Add(-time.Second)}, "waits for its interval; nothing is wrong, the next request is due any moment now."},
		{
			wire.API{Waiting: "retry: GET https://a: 503 Service Unavailable", Until: now.Add(90 * time.Second)},
			"had an error and backs off; it tries again in 1 min 30 s (at 12:01:30 UTC). The cause: GET https://a: 503 Service Unavailable.",
		},
		{wire.API{Waiting: "Rate limit", Until: now.Add(1500 * time.Millisecond)}, "keeps to the rate limit of the API; the next request may go out in 1 s (at 12:00:01 UTC)."},
		{wire.API{Waiting: "token"}, "waits for an access token from the authorisation server."},
		{wire.API{Waiting: "commit"}, "waits for Kafka to commit the pages that it has fetched."},
		{wire.API{Waiting: "response"}, "has sent a request and waits for the API's answer."},
		{wire.API{Waiting: "claim"}, "takes over from whoever ran it before and waits for Kafka to fence that one off."},
		{wire.API{Waiting: "offset"}, "reads from Kafka where to go on."},
		{wire.API{Waiting: "hand-over"}, "waits for the worker that ran it before to let go."},
		{wire.API{State: "UNASSIGNED", Worker: "-", Waiting: "no worker"}, "no worker runs it. Who is there: workerctl worker list"},
		{wire.API{Waiting: "the moon"}, "waits: the moon."},
		{wire.API{Waiting: "İnterval"}, "waits: İnterval."},
		{wire.API{}, "is working, it waits for nothing."},
		{wire.API{State: "PAUSED"}, "is paused, because somebody asked for it. To go on: workerctl connector resume orders"},
		{wire.API{State: "STOPPED"}, "is stopped, because somebody asked for it. To go on: workerctl connector resume orders"},
		{wire.API{State: "RESTARTING"}, "is being started again."},
		{
			wire.API{State: "FAILED", Trace: "fetch a page: 401 Unauthorized (look at bearer.token (api1))\n\tat x"},
			"has failed and waits for a person: fetch a page: 401 Unauthorized. What to do: look at bearer.token (api1). Then: workerctl connector restart orders --failed",
		},
		{
			wire.API{State: "FAILED", Trace: "out (of) luck"},
			"has failed and waits for a person: out (of) luck. Then: workerctl connector restart orders --failed",
		},
		{
			wire.API{State: "FAILED"},
			"has failed and waits for a person: the cause was not recorded, look at the worker's log. Then: workerctl connector restart orders --failed",
		},
		{
			wire.API{State: "UNKNOWN", Waiting: "worker w2 does not answer"},
			"nobody can say: worker w2 does not answer. Whether that worker lives: workerctl worker list",
		},
		{wire.API{State: "UNASSIGNED", Worker: "-", Reason: "all workers are draining"}, "no worker runs it: all workers are draining. Who is there: workerctl worker list"},
		{
			wire.API{State: "UNASSIGNED", Trace: "fenced\nmore"},
			"worker w1 does not run it at the moment: fenced. It tries again by itself; who has it: workerctl assign list",
		},
	} {
		switch {
		case c.api.Worker == "-":
			c.api.Worker = ""
		default:
			c.api.Worker = "w1"
		}
		if c.api.State == "" {
			c.api.State = "RUNNING"
		}
		if got := story.Sentence("orders", c.api, now); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestSummary(t *testing.T) {
	for want, a := range map[string]wire.API{
		"no page committed yet":                                  {},
		"1 record in 1 page since the start; last page just now": {Records: 1, Pages: 1, LastPage: now},
		"10 records in 2 pages since the start; 3 rejected, see the error topic; last page 2 h ago; last sweep ended: end of stream": {
			Records: 10, Pages: 2, Rejected: 3, LastPage: now.Add(-2 * time.Hour), Reason: "end of stream",
		},
	} {
		if got := story.Summary(a, now); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 999 * time.Millisecond: "999 ms", 59 * time.Second: "59 s", time.Minute: "1 min", 125 * time.Second: "2 min 5 s",
		3*time.Hour + 12*time.Minute: "3 h 12 min", 98 * time.Hour: "4 d 2 h", -5 * time.Second: "5 s",
	} {
		if got := story.Span(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

// Whatever a worker says, there is one line and no panic.
func FuzzSentence(f *testing.F) {
	f.Add("RUNNING", "retry: x", "trace (hint)", "w")
	f.Add("FAILED", "", "((", "")
	f.Fuzz(func(t *testing.T, state, waiting, trace, worker string) {
		got := story.Sentence("c", wire.API{State: state, Waiting: waiting, Trace: trace, Worker: worker}, now)
		if got == "" || strings.Contains(got, "\n") {
			t.Errorf("%q", got)
		}
	})
}
