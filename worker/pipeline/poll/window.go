package poll

import (
	"errors"
	"fmt"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/worker/pipeline/poll/moment"
	"github.com/headwater/headwater/worker/pipeline/poll/trail"
)

// windows cuts time into the windows of the timestamp modes. A window is opened when its first page is asked for and
// stays as it is until its last page has come. No window reaches beyond now less the delay; while there is none to ask
// for, the machine waits.
type windows struct {
	connector.Window
	timestamp *extract.Pointer // where an answer, or its last record, says how far it reached
	wait      time.Duration
}

func newWindows(api connector.API, a *ask) (windows, error) {
	w := windows{*api.Window, api.Timestamp, api.Interval}
	if w.wait <= 0 {
		w.wait = time.Second
	}
	a.wants(api.Timestamp)
	if _, err := w.Format.Parse(w.Start); err != nil {
		return w, fmt.Errorf("initial.start.timestamp.value: %q: %w", w.Start, err)
	}
	if w.End != "" {
		if _, err := w.Format.Parse(w.End); err != nil {
			return w, fmt.Errorf("initial.end.timestamp.value: %q: %w", w.End, err)
		}
	}
	if w.Interval < 1 {
		return w, errors.New("http.timestamp.interval: must be at least 1")
	}
	return w, nil
}

// resume makes sure that a stored window can be read. Between two windows all that is remembered is of the last one; in
// the middle of one nobody knows any more, and it is kept for the next too.
func (w windows) resume(s State) (State, error) {
	for _, text := range []string{s.at.StartTime, s.at.EndTime} {
		if _, err := w.Format.Parse(text); text != "" && err != nil {
			return s, fmt.Errorf("the stored time %q is not of timestamp.format=%s", text, w.Format)
		}
	}
	if s.at.EndTime != "" && s.at.StartTime == "" {
		return s, errors.New("the stored window has an end and no start")
	}
	s.old, s.carry = s.seen.Len(), 0
	if s.at.EndTime == "" {
		s.carry = s.old
	}
	return s, nil
}

// open gives s the window to ask for. ok is false while there is none.
func (w windows) open(s State, now time.Time) (State, bool, error) {
	if s.at.EndTime != "" && s.at.Offset+s.at.PrimaryKey != "" {
		return s, true, nil // in the middle of a window
	}
	first := s.at.StartTime == ""
	if first {
		s.at.StartTime = w.Start
	}
	start, err := w.Format.Parse(s.at.StartTime)
	if err != nil {
		return s, false, err
	}
	end, err := w.end(s, start, first, moment.Floor(w.Format, now.Add(-w.Delay).In(start.Location())))
	if err != nil || !end.After(start) {
		return s, false, err
	}
	s.at.StartTime, s.at.EndTime = moment.Format(w.Format, start), moment.Format(w.Format, end)
	return s, true, nil
}

// end is where the window that begins at start ends: the first one where the configuration says, any other after the
// interval, and none later than limit. A window of days is asked for only once it is over, as else today would be asked for
// again at every poll.
func (w windows) end(s State, start time.Time, first bool, limit time.Time) (time.Time, error) {
	end := limit
	var err error
	switch {
	case s.at.EndTime != "":
		end, err = w.Format.Parse(s.at.EndTime)
	case first && w.End != "":
		end, err = w.Format.Parse(w.End)
	case first:
	case w.Unit == connector.Days:
		end = start.AddDate(0, 0, int(min(w.Interval, maxDays)))
	default:
		end = start.Add(time.Duration(min(w.Interval, maxDays*86400)) * time.Second)
	}
	if !end.After(limit) || err != nil {
		return end, err
	}
	if w.Format == connector.SimpleDate && !first && s.at.EndTime == "" {
		return start, nil
	}
	return limit, nil
}

// maxDays keeps intervals within what a time.Duration can hold: a century.
const maxDays = 36500

// close moves on to the next window, which begins where the answer says it reached, or where this window ends. What the
// answer says counts only within the window: before it the sweep would turn in circles, beyond it there would be a gap.
func (w windows) close(p *page) error {
	next := &p.step.Next
	start, err := w.Format.Parse(next.at.StartTime)
	if err != nil {
		return err
	}
	end, err := w.Format.Parse(next.at.EndTime)
	if err != nil {
		return err
	}
	if reached, ok := w.reached(p); ok && reached.After(start) && reached.Before(end) {
		end = reached.In(end.Location())
	}
	next.at.Offset, next.at.PrimaryKey, next.at.EndTime = "", "", ""
	next.at.StartTime = moment.Format(w.Format, end)
	next.trail, next.pages, next.mark = trail.Trail{}, trail.Prints{}, ""
	next.seen = next.seen.From(next.carry)
	next.old, next.carry = next.seen.Len(), next.seen.Len()
	if p.step.Reason == "" || p.step.Reason == EndOfStream {
		p.step.Reason = EndOfWindow
	}
	return nil
}

// reached is the time at http.timestamp.json.pointer: of the answer's root, else of the window's last record.
func (w windows) reached(p *page) (time.Time, bool) {
	if w.timestamp == nil {
		return time.Time{}, false
	}
	text, err := p.r.text(*w.timestamp)
	if err != nil || text == "" {
		text = p.step.Next.mark
	}
	t, err := w.Format.Parse(text)
	return t, err == nil
}
