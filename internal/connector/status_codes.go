package connector

import (
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// alwaysRetried are answers that may be gone at the next try whatever retry.on.status.codes says: unauthorised (a token
// may have been renewed), timeouts and too many requests.
var alwaysRetried = []int{401, 408, 429, 504}

// ParseStatusRanges reads retry.on.status.codes: codes (404), ranges (400-500) and open ranges (500-) separated by commas,
// bounds inclusive. Empty is no range at all. The error is a property.Problem that names the bad item.
func ParseStatusRanges(text string) (StatusRanges, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var ranges StatusRanges
	for item := range strings.SplitSeq(text, ",") {
		r, ok := statusRange(item)
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

func statusRange(item string) (StatusRange, bool) {
	const highest, tolerated = 599, 999
	from, to, isRange := strings.Cut(strings.ReplaceAll(item, " ", ""), "-")
	r := StatusRange{From: code(from)}
	switch {
	case !isRange:
		r.To = r.From
	case to == "":
		r.To = tolerated
	default:
		r.To = code(to)
	}
	return r, r.From >= 100 && r.From <= highest && r.To >= r.From && r.To <= tolerated
}

// code reads three digits; -1 is anything else.
func code(text string) int {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || len(text) != 3 {
		return -1
	}
	return int(n)
}

func setRetryOn(a *apiDraft, v property.Value) error {
	ranges, err := ParseStatusRanges(v.Text)
	if err != nil {
		return err
	}
	for _, code := range alwaysRetried {
		if !ranges.Contains(code) {
			ranges = append(ranges, StatusRange{code, code})
		}
	}
	a.RetryOn = ranges
	return nil
}
