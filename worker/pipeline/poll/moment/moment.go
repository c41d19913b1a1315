// Package moment writes points of time in the forms of timestamp.format and finds them in records. It is pure.
package moment

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/connector"
)

// Floor cuts a time to the precision of a format, so that what is sent is not in the future.
func Floor(f connector.TimestampFormat, t time.Time) time.Time {
	switch f {
	case connector.UnixMillis:
		return t.Truncate(time.Millisecond)
	case connector.SimpleDate:
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	}
	return t.Truncate(time.Second)
}

// Format writes a time as the templates and the stored offset have it. Fractions of ISO 8601 seconds are written
// only where there are any.
func Format(f connector.TimestampFormat, t time.Time) string {
	switch f {
	case connector.UnixMillis:
		return strconv.FormatInt(t.UnixMilli(), 10)
	case connector.UnixSeconds:
		return strconv.FormatInt(t.Unix(), 10)
	case connector.SimpleDate:
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}

// Clock finds points of time in records whose form nobody has described.
type Clock struct {
	Format connector.TimestampFormat // timestamp.format: its precision is what counts
	dec    *jsontext.Decoder
	in     bytes.Buffer
}

// Bears reports whether any string or number in raw is the time t, at the precision of the format.
func (c *Clock) Bears(raw []byte, t time.Time) bool {
	c.in = *bytes.NewBuffer(raw)
	if c.dec == nil {
		c.dec = jsontext.NewDecoder(&c.in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	} else {
		c.dec.Reset(&c.in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	}
	day, exact := t.Format(time.DateOnly), Format(c.Format, t)
	for {
		switch c.dec.PeekKind() {
		case '"', '0':
			value, err := c.dec.ReadValue()
			if err != nil {
				return false
			}
			text := strings.Trim(string(value), `"`)
			if text == exact || c.Format == connector.SimpleDate && strings.HasPrefix(text, day) {
				return true // a day counts in the zone in which the record was written
			}
			if found, ok := parse(text); ok && Floor(c.Format, found.In(t.Location())).Equal(Floor(c.Format, t)) {
				return true
			}
		default:
			if _, err := c.dec.ReadToken(); err != nil {
				return false
			}
		}
	}
}

// layouts are the forms of dates with a time that are in use; a fraction of the second is read by any of them.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", time.DateOnly,
}

// parse reads a point of time in any usual form. Numbers are seconds, or by their size milli-, micro- or nanoseconds,
// since 1970.
func parse(text string) (time.Time, bool) {
	if len(text) < 9 || len(text) > 40 || text[0] < '0' || text[0] > '9' {
		return time.Time{}, false
	}
	if text[4] == '-' {
		for _, layout := range layouts {
			if t, err := time.Parse(layout, text); err == nil {
				return t, true
			}
		}
		return time.Time{}, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		for _, unit := range []int64{1, 1e3, 1e6, 1e9} {
			if n/unit < 1e11 {
				return time.Unix(n/unit, n%unit*(1e9/unit)), true
			}
		}
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || x < 1e8 || x > 1e11 {
		return time.Time{}, false
	}
	whole, part := math.Modf(x)
	return time.Unix(int64(whole), int64(part*1e9)), true
}
