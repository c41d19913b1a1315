package connector

import (
	"fmt"
	"time"

	"github.com/headwater/headwater/internal/connector/property"
)

// window checks the time properties of a timestamp mode and stores them.
func (c *check) window(k kind) {
	if !k.windows && k.title != relativeKind.title {
		return
	}
	w := &c.api.window
	if c.api.Mode == Chaining {
		c.api.Ordering = c.api.ordering
	}
	if w.Delay > time.Minute {
		c.warn("time.range.request.delay", "is above 60000, the most that the product's text names", "the unit is milliseconds")
	}
	c.api.Window = w
	if !k.windows {
		w.Start, w.End = "", ""
		if w.Delay > 0 && !c.uses("end_time") {
			c.warn("time.range.request.delay", "has no effect: no template holds ${end_time}", "put ${end_time} into the query")
		}
		return
	}
	if c.unit(w) {
		c.interval(w)
	}
	c.bounds(w)
	if !c.uses("start_time") && !c.uses("end_time") {
		c.warn("http.offset.mode", "asks every window the same thing: no template holds ${start_time} or ${end_time}", "put them into the parameters or the body")
	}
}

// unit reports whether the interval can be looked at.
func (c *check) unit(w *Window) bool {
	if c.r.Faulty(c.prefix+"timestamp.format") || c.r.Faulty(c.prefix+"timestamp.interval.format") {
		return false
	}
	if w.Format == SimpleDate && w.Unit != Days {
		c.reject("timestamp.interval.format", property.Problem{
			Text: "must be Days when timestamp.format is Simple Date Format", Hint: "set " + c.prefix + "timestamp.interval.format=Days",
		})
		return false
	}
	return true
}

// interval gives the interval its default, which is one day in either unit.
func (c *check) interval(w *Window) {
	if w.Unit != Days || c.r.Faulty(c.prefix+"http.timestamp.interval") {
		return
	}
	if !c.given("http.timestamp.interval") {
		w.Interval = 1
	}
	if w.Interval > maxWindowDays {
		c.reject("http.timestamp.interval", property.Problem{
			Text: fmt.Sprintf("is out of range: timestamp.interval.format is Days, and windows have at most %d of them", maxWindowDays),
			Hint: "write a number of days; 86400 is the default in seconds",
		})
	}
}

func (c *check) bounds(w *Window) {
	if c.r.Faulty(c.prefix + "timestamp.format") {
		return
	}
	start, startOK := c.time("initial.start.timestamp.value", w.Start, w.Format)
	end, endOK := c.time("initial.end.timestamp.value", w.End, w.Format)
	if startOK && endOK && end.Before(start) {
		c.reject("initial.end.timestamp.value", property.Problem{
			Text: "is before initial.start.timestamp.value", Hint: "write a later time, or leave it out for now",
		})
	}
}

func (c *check) time(name, text string, format TimestampFormat) (time.Time, bool) {
	if text == "" {
		return time.Time{}, false
	}
	t, err := format.Parse(text)
	if err != nil {
		c.reject(name, property.Problem{
			Text: fmt.Sprintf("is not a time in timestamp.format=%s", format),
			Hint: "write it as " + examples[format] + ", or set " + c.prefix + "timestamp.format",
		})
	}
	return t, err == nil
}

var examples = [...]string{
	UnixMillis: "1704067200000", UnixSeconds: "1704067200", SimpleDate: "2024-01-01", ISO8601: "2024-01-01T00:00:00Z",
}
