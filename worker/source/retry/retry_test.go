package retry

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestStatuses holds every code against the forms of retry.on.status.codes.
func TestStatuses(t *testing.T) {
	always := map[int]bool{0: true, 401: true, 408: true, 429: true, 504: true}
	tests := map[string]struct {
		on   connector.StatusRanges
		want func(code int) bool
	}{
		"400-":         {connector.StatusRanges{{From: 400, To: 999}}, func(c int) bool { return c >= 400 }},
		"400-500":      {connector.StatusRanges{{From: 400, To: 500}}, func(c int) bool { return c >= 400 && c <= 500 }},
		"404,408,500-": {connector.StatusRanges{{From: 404, To: 404}, {From: 408, To: 408}, {From: 500, To: 999}}, func(c int) bool { return c == 404 || c >= 500 }},
		"":             {nil, func(int) bool { return false }},
	}
	for name, test := range tests {
		for code := range 700 {
			_, got := Policy{Max: 1, On: test.on}.Next(0, Failure{Status: code}, 0, now)
			if want := always[code] || test.want(code); got != want {
				t.Errorf("%q, status %d: %v", name, code, got)
			}
		}
	}
}

func TestMax(t *testing.T) {
	for _, most := range []int{0, 1, 5} {
		done := 0
		for ; done < 10; done++ {
			if _, again := (Policy{Max: most}).Next(done, Failure{}, 0, now); !again {
				break
			}
		}
		if done != most {
			t.Errorf("%d retries with max.retries=%d", done, most)
		}
	}
}

func TestWaits(t *testing.T) {
	second := time.Second
	tests := map[string]struct {
		p    Policy
		done int
		dice float64
		want time.Duration
	}{
		"Constant":         {Policy{Backoff: connector.ConstantValue, Base: 3 * second}, 9, 0.9, 3 * second},
		"First":            {Policy{Base: 3 * second}, 0, 0, 3 * second},
		"FirstJitter":      {Policy{Base: 4 * second}, 0, 0.5, 4500 * time.Millisecond},
		"Third":            {Policy{Base: 3 * second}, 2, 0, 12 * second},
		"Ceiling":          {Policy{Base: 3 * second}, 7, 0, 5 * time.Minute},
		"CeilingHoldsDice": {Policy{Base: 3 * second}, 4999, 0.99, 5 * time.Minute},
		"BaseAboveCeiling": {Policy{Base: time.Hour}, 5, 0.5, time.Hour},
		"NoBase":           {Policy{}, 100, 0.5, 0},
	}
	for name, test := range tests {
		test.p.Max = 5000
		if got, again := test.p.Next(test.done, Failure{}, test.dice, now); !again || got != test.want {
			t.Errorf("%s: %v, %v; want %v", name, got, again, test.want)
		}
	}
}

func TestAfter(t *testing.T) {
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	tests := map[string]struct {
		values []string
		want   time.Duration
		ok     bool
	}{
		"None":          {nil, 0, false},
		"Seconds":       {[]string{"120"}, 2 * time.Minute, true},
		"Spaces":        {[]string{" 7\t"}, 7 * time.Second, true},
		"Zero":          {[]string{"0"}, 0, true},
		"Cap":           {[]string{"601"}, 10 * time.Minute, true},
		"Billion":       {[]string{"1000000000"}, 10 * time.Minute, true},
		"BeyondInt64":   {[]string{strings.Repeat("9", 50)}, 10 * time.Minute, true},
		"LeadingZeros":  {[]string{"0007"}, 7 * time.Second, true},
		"Negative":      {[]string{"-5"}, 0, false},
		"Plus":          {[]string{"+5"}, 0, false},
		"Fraction":      {[]string{"1.5"}, 0, false},
		"Empty":         {[]string{""}, 0, false},
		"Garbage":       {[]string{"soon"}, 0, false},
		"Date":          {[]string{date(90 * time.Second)}, 90 * time.Second, true},
		"DateRFC850":    {[]string{now.Add(time.Minute).Format("Monday, 02-Jan-06 15:04:05 GMT")}, time.Minute, true},
		"DateANSIC":     {[]string{now.Add(time.Minute).Format(time.ANSIC)}, time.Minute, true},
		"Past":          {[]string{date(-time.Hour)}, 0, true},
		"FarFuture":     {[]string{"Fri, 31 Dec 9999 23:59:59 GMT"}, 10 * time.Minute, true},
		"Several":       {[]string{"3", "9", "5"}, 9 * time.Second, true},
		"SeveralMixed":  {[]string{"soon", date(30 * time.Second), "-1", "20"}, 30 * time.Second, true},
		"GarbageInDate": {[]string{"Sat, 99 Foo 2026 12:00:00 GMT"}, 0, false},
	}
	for name, test := range tests {
		if got, ok := After(test.values, now); got != test.want || ok != test.ok {
			t.Errorf("%s: %v, %v; want %v, %v", name, got, ok, test.want, test.ok)
		}
	}
}

// TestRetryAfterOnlyWhereMeant: it counts on 429 and 503, and lengthens a wait but never shortens it.
func TestRetryAfterOnlyWhereMeant(t *testing.T) {
	p := Policy{Max: 1, Backoff: connector.ConstantValue, Base: time.Minute, On: connector.StatusRanges{{From: 300, To: 999}}}
	for status, want := range map[int]time.Duration{429: 2 * time.Minute, 503: 2 * time.Minute, 500: time.Minute, 301: time.Minute} {
		if got, _ := p.Next(0, Failure{Status: status, RetryAfter: []string{"120"}}, 0, now); got != want {
			t.Errorf("%d: %v", status, got)
		}
	}
	if got, _ := p.Next(0, Failure{Status: 429, RetryAfter: []string{"1"}}, 0, now); got != time.Minute {
		t.Errorf("shortened to %v", got)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", "Sun, 01 Mar 2026 12:00:30 GMT")
	f.Add("-1", "99999999999999999999")
	f.Fuzz(func(t *testing.T, a, b string) {
		wait, ok := After([]string{a, b}, now)
		if wait < 0 || wait > 10*time.Minute || !ok && wait != 0 {
			t.Fatalf("%q %q: %v, %v", a, b, wait, ok)
		}
		one, okOne := After([]string{a}, now)
		two, okTwo := After([]string{b}, now)
		if wait != max(one, two) || ok != (okOne || okTwo) {
			t.Fatalf("%q %q: together %v, apart %v and %v", a, b, wait, one, two)
		}
	})
}
