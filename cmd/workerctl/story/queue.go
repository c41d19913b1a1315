package story

import (
	"fmt"
	"strings"
	"time"

	"github.com/headwater/headwater/internal/api/wire"
)

// In writes how long it takes until t, or nothing when t is no time.
func In(t, now time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case !t.After(now):
		return "now"
	}
	return "in " + Span(t.Sub(now))
}

// Items says how many items of a child API stand where.
func Items(a wire.QueueAPI) string {
	return fmt.Sprintf("%d waiting, %d active, %d idle, %d failed, %d ended", a.Waiting, a.Active, a.Idle, a.Failed, a.Ended)
}

// Child says what a child API is doing and why not more: it has work items instead of one place of its own.
func Child(connector string, a wire.API, now time.Time) string {
	switch a.State {
	case "FAILED", "PAUSED", "STOPPED", "RESTARTING":
		return Sentence(connector, a, now)
	}
	q := *a.Queue
	switch {
	case q.Waiting > 0:
		text := fmt.Sprintf("has %s that %s for a first crawl or a new one", count(q.Waiting, "item"), verb(q.Waiting, "wait"))
		if ago := Ago(q.OldestWaiting, now); ago != "" {
			text += ", the oldest for " + Span(now.Sub(q.OldestWaiting))
		}
		return text + "."
	case q.Active > 0:
		return fmt.Sprintf("has %s with more pages to come.", count(q.Active, "item"))
	case !q.NextDue.IsZero():
		return "has nothing to do; the next item is due" + until(q.NextDue, now) + "."
	case q.Failed > 0:
		return fmt.Sprintf("tries %s again that failed.", count(q.Failed, "item"))
	case q.Idle+q.Ended > 0:
		return "has done all its items; its parents have to emit something."
	}
	return "has no items yet; its parents have to emit something."
}

func verb(n int64, word string) string {
	if n == 1 {
		return word + "s"
	}
	return word
}

// Lanes says what the lanes wait for that crawl a child API's items, one line for all that wait for the same.
func Lanes(groups []wire.ExplainLanes, now time.Time) (lines []string) {
	for _, g := range groups {
		text := count(int64(g.Lanes), "lane")
		if len(g.Workers) > 0 {
			text += " on " + strings.Join(g.Workers, ", ")
		}
		switch {
		case g.Waiting == "no worker":
			text += ": read by nobody, not counted above. Who is there: workerctl worker list"
		case g.Waiting == "failed":
			text += ": failed: " + first(g.Trace)
		case g.Waiting == "interval":
			text += ": nothing due, or request.interval.ms between two requests" // a lane looks again at least once a minute
		default:
			text += ": " + strings.TrimSuffix(running(wire.API{Waiting: g.Waiting, Until: g.Until}, now), ".")
		}
		lines = append(lines, text)
	}
	return lines
}
