package story

import (
	"fmt"
	"time"
)

// Span writes how long something lasts, in the one or two units that matter: 300 ms, 14 s, 2 min 5 s, 3 h 12 min, 4 d 2 h.
func Span(d time.Duration) string {
	switch {
	case d < 0:
		return Span(-d)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return pair(int(d.Minutes()), "min", int(d.Seconds())%60, "s")
	case d < 24*time.Hour:
		return pair(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return pair(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
}

func pair(a int, aUnit string, b int, bUnit string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, aUnit)
	}
	return fmt.Sprintf("%d %s %d %s", a, aUnit, b, bUnit)
}

// Ago writes how long ago t was, or nothing when it never was.
func Ago(t, now time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case now.Sub(t) < time.Second: // clocks of two machines
		return "just now"
	}
	return Span(now.Sub(t)) + " ago"
}
