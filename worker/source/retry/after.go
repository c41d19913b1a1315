package retry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// After reads Retry-After headers: seconds or an HTTP date. Of several the longest wait counts; one that cannot be
// read is passed over, one in the past is 0, and 10 minutes is the most. It reports false when none could be read.
func After(values []string, now time.Time) (time.Duration, bool) {
	var longest time.Duration
	found := false
	for _, v := range values {
		if wait, ok := after(strings.TrimSpace(v), now); ok {
			longest, found = max(longest, wait), true
		}
	}
	return min(longest, maxRetryAfter), found
}

// after reads one value.
func after(v string, now time.Time) (time.Duration, bool) {
	if digits(v) {
		seconds, err := strconv.ParseInt(v, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true // more digits than fit is a long time too
		}
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return max(date.Sub(now), 0), true
}

// digits reports whether v is a number without sign, as the header is defined.
func digits(v string) bool {
	return v != "" && strings.Trim(v, "0123456789") == ""
}
