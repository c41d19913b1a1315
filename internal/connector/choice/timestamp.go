package choice

import (
	"errors"
	"strconv"
	"time"
)

// Parse reads a timestamp of this format. Dates without a time are midnight UTC; ISO 8601 may have any zone offset.
func (f TimestampFormat) Parse(text string) (time.Time, error) {
	switch f {
	case UnixMillis:
		n, err := epoch(text, 1000)
		return time.UnixMilli(n).UTC(), err
	case UnixSeconds:
		n, err := epoch(text, 1)
		return time.Unix(n, 0).UTC(), err
	case SimpleDate:
		return time.Parse(time.DateOnly, text)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Parse("2006-01-02T15:04:05Z0700", text)
	}
	return t, nil
}

var errEpoch = errors.New("is no point of time before the year 10000")

// epoch reads a count since 1970 and its greatest value that time.Time and other programs agree on.
func epoch(text string, perSecond int64) (int64, error) {
	const year10000 = 253402300800
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && (n >= year10000*perSecond || n <= -year10000*perSecond) {
		err = errEpoch
	}
	return n, err
}
