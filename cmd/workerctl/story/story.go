// Package story answers "why is it waiting?" in a sentence: what an API is doing, how long that lasts, whether something is
// wrong, and what to type about it. It decides nothing and asks nobody; time is an argument.
package story

import (
	"fmt"
	"strings"
	"time"

	"github.com/headwater/headwater/internal/api/wire"
)

// Sentence says what an API of a connector is doing and why not more.
func Sentence(connector string, a wire.API, now time.Time) string {
	switch a.State {
	case "FAILED":
		return failed(connector, a.Trace)
	case "PAUSED":
		return "is paused, because somebody asked for it. To go on: workerctl connector resume " + connector
	case "STOPPED":
		return "is stopped, because somebody asked for it. To go on: workerctl connector resume " + connector
	case "RESTARTING":
		return "is being started again."
	case "UNKNOWN":
		return "nobody can say: " + first(or(a.Waiting, "its worker does not answer")) + ". Whether that worker lives: workerctl worker list"
	}
	if a.Worker == "" || a.State == "UNASSIGNED" {
		return nobody(a)
	}
	return running(a, now)
}

// Summary says what an API has done so far, or nothing.
func Summary(a wire.API, now time.Time) string {
	parts := []string{fmt.Sprintf("%s in %s since the start", count(a.Records, "record"), count(a.Pages, "page"))}
	if a.Rejected > 0 {
		parts = append(parts, fmt.Sprintf("%d rejected, see the error topic", a.Rejected))
	}
	if ago := Ago(a.LastPage, now); ago != "" {
		parts = append(parts, "last page "+ago)
	}
	if a.Reason != "" {
		parts = append(parts, "last sweep ended: "+a.Reason)
	}
	if a.Pages == 0 && a.LastPage.IsZero() {
		parts[0] = "no page committed yet"
	}
	return strings.Join(parts, "; ")
}

func failed(connector, trace string) string {
	why, advice := cause(trace)
	text := "has failed and waits for a person: " + or(why, "the cause was not recorded, look at the worker's log") + ". "
	if advice != "" {
		text += "What to do: " + advice + ". "
	}
	return text + "Then: workerctl connector restart " + connector + " --failed"
}

// cause takes the advice off a trace: the workers write it in brackets at the end of the first line.
func cause(trace string) (why, advice string) {
	why, _, _ = strings.Cut(strings.TrimSpace(trace), "\n")
	why = strings.TrimSuffix(strings.TrimSpace(why), ".")
	if i := opening(why); i > 1 {
		return strings.TrimSpace(why[:i]), why[i+1 : len(why)-1]
	}
	return why, ""
}

// opening finds the bracket that the last one of text closes; brackets within belong to the advice.
func opening(text string) int {
	depth := 0
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case ')':
			depth++
		case '(':
			depth--
		}
		if depth == 0 {
			if i == len(text)-1 { // no bracket at the end
				return -1
			}
			return i
		}
	}
	return -1
}

func nobody(a wire.API) string {
	why := or(a.Trace, a.Waiting, a.Reason)
	if a.Worker == "" {
		text := "no worker runs it"
		if why != "" && why != "no worker" {
			text += ": " + first(why)
		}
		return text + ". Who is there: workerctl worker list"
	}
	text := "worker " + a.Worker + " does not run it at the moment"
	if why != "" {
		text += ": " + first(why)
	}
	return text + ". It tries again by itself; who has it: workerctl assign list"
}

// waits is what a worker's word for a wait means. The first row whose word begins the worker's word counts; the rest of the
// worker's word is a cause.
var waits = []struct{ word, means string }{
	{"interval", "waits for its interval; nothing is wrong, the next request is due"},
	{"retry", "had an error and backs off; it tries again"},
	{"rate limit", "keeps to the rate limit of the API; the next request may go out"},
	{"token", "waits for an access token from the authorisation server"},
	{"commit", "waits for Kafka to commit the pages that it has fetched"},
	{"response", "has sent a request and waits for the API's answer"},
	{"claim", "takes over from whoever ran it before and waits for Kafka to fence that one off"},
	{"offset", "reads from Kafka where to go on"},
	{"hand-over", "waits for the worker that ran it before to let go"},
}

func running(a wire.API, now time.Time) string {
	if a.Waiting == "" {
		return "is working, it waits for nothing."
	}
	for _, w := range waits {
		if len(a.Waiting) < len(w.word) || !strings.EqualFold(a.Waiting[:len(w.word)], w.word) {
			continue
		}
		text := w.means + until(a.Until, now)
		if why := strings.TrimLeft(a.Waiting[len(w.word):], " :"); why != "" {
			text += ". The cause: " + first(why)
		}
		return text + "."
	}
	return "waits: " + first(a.Waiting) + until(a.Until, now) + "."
}

func until(t, now time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case !t.After(now):
		return " any moment now"
	}
	return fmt.Sprintf(" in %s (at %s)", Span(t.Sub(now)), t.UTC().Format("15:04:05 UTC"))
}

func first(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSuffix(line, ".")
}

func or(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
