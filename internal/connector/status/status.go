// Package status reads lists of HTTP status codes as retry.on.status.codes has them.
package status

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// Range is an inclusive range of HTTP status codes.
type Range struct{ From, To int }

// Ranges is a list of codes and ranges; none of them is a code that is in no range.
type Ranges []Range

// Contains reports whether code is in one of the ranges.
func (r Ranges) Contains(code int) bool {
	for _, x := range r {
		if x.From <= code && code <= x.To {
			return true
		}
	}
	return false
}

// String writes the ranges as the property takes them.
func (r Ranges) String() string {
	items := make([]string, len(r))
	for i, x := range r {
		items[i] = fmt.Sprintf("%d-%d", x.From, x.To)
	}
	return strings.Join(items, ",")
}

// Parse reads retry.on.status.codes: codes (404), ranges (400-500) and open ranges (500-) separated by commas,
// bounds inclusive. Empty is no range at all. The error is a property.Problem that names the bad item.
func Parse(text string) (Ranges, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var ranges Ranges
	for item := range strings.SplitSeq(text, ",") {
		r, ok := one(item)
		if !ok {
			return nil, property.Problem{
				Text: "has an item that is no status code or range", Detail: strconv.Quote(strings.TrimSpace(item)),
				Hint: "write codes from 100 to 599 and ranges with the smaller one first, as 404,408,500-",
			}
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

const lowest, highest, tolerated = 100, 599, 999

func one(item string) (Range, bool) {
	from, to, isRange := strings.Cut(strings.ReplaceAll(item, " ", ""), "-")
	r := Range{From: code(from)}
	switch {
	case !isRange:
		r.To = r.From
	case to == "":
		r.To = tolerated
	default:
		r.To = code(to)
	}
	return r, r.From >= lowest && r.From <= highest && r.To >= r.From && r.To <= tolerated
}

// code reads three digits; -1 is anything else.
func code(text string) int {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || len(text) != 3 {
		return -1
	}
	return int(n)
}

// always are answers that may be gone at the next try whatever retry.on.status.codes says: unauthorised (a token may have
// been renewed), timeouts and too many requests.
var always = []int{401, 408, 429, 504}

// Retried returns the ranges together with the codes that are always retried: 401, 408, 429 and 504.
func (r Ranges) Retried() Ranges {
	for _, code := range always {
		if !r.Contains(code) {
			r = append(r, Range{code, code})
		}
	}
	return r
}

// Without returns the codes that are in r and not in others.
func (r Ranges) Without(others Ranges) Ranges {
	var left Ranges
	for code := lowest; code <= tolerated; code++ {
		if !r.Contains(code) || others.Contains(code) {
			continue
		}
		if n := len(left); n > 0 && left[n-1].To == code-1 {
			left[n-1].To = code
		} else {
			left = append(left, Range{code, code})
		}
	}
	return left
}
