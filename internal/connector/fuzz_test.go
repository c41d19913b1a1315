package connector_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/document"
)

// Whatever the properties are: no panic, every fault names a property and a hint, and what is taken can be spread over
// tasks.
func FuzzParse(f *testing.F) {
	for _, c := range faultCases {
		f.Add(c.changes)
	}
	for _, c := range warningCases {
		f.Add(c.changes)
	}
	for _, c := range slices.Concat(chainFaults, chainWarnings) {
		f.Add(child + c.changes)
	}
	f.Fuzz(func(t *testing.T, changes string) {
		p := properties(changes)
		if more, _, err := document.Properties([]byte(changes)); err == nil {
			for name, value := range more {
				p[name] = value
			}
		}
		c, warnings, err := connector.Parse(p)
		for _, fault := range faults(err) {
			if fault == nil || fault.Property == "" || fault.Problem == "" || fault.Hint == "" {
				t.Fatalf("a fault lacks something: %v", err)
			}
		}
		for _, w := range warnings {
			if w.Property == "" || w.Problem == "" {
				t.Fatalf("a warning lacks something: %v", w)
			}
		}
		if n := len(connector.Tasks(c)); err == nil && (n < 1 || n > len(c.APIs)) {
			t.Fatalf("%d tasks of %d APIs", n, len(c.APIs))
		}
		if err == nil {
			checkFamily(t, c)
		}
		connector.Mask(p)
	})
}

// checkFamily: no API is its own descendant, and every child has something of its parents in its requests.
func checkFamily(t *testing.T, c connector.Config) {
	t.Helper()
	for _, link := range c.Chains {
		if c.Depth(link.Child) <= c.Depth(link.Parent) {
			t.Fatalf("%v: depth %d below %d", link, c.Depth(link.Child), c.Depth(link.Parent))
		}
	}
	for _, a := range c.APIs {
		if n := len(c.Parents(a.N)); a.Child != (n > 0) || a.Child != (len(a.Placeholders) > 0) || a.Child != (a.InFlight > 0) {
			t.Fatalf("api%d has %d parents: %+v", a.N, n, a)
		}
	}
}

// What is taken contains codes of three digits only, and its text is read as the same ranges.
func FuzzStatusRanges(f *testing.F) {
	for _, s := range []string{"400-", "404,408,500-", "", "400-500", "500-400", "4xx", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ranges, err := connector.ParseStatusRanges(text)
		if err != nil {
			return
		}
		again, err := connector.ParseStatusRanges(ranges.String())
		if err != nil || again.String() != ranges.String() {
			t.Fatalf("%q becomes %q, then %q: %v", text, ranges, again, err)
		}
		if strings.TrimSpace(text) != "" && len(ranges) == 0 || ranges.Contains(99) || ranges.Contains(1000) {
			t.Fatalf("%q becomes %q", text, ranges)
		}
	})
}
