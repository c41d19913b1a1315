package sampleapi

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// page is one answer.
type page[T any] struct {
	Data  []T    `json:"data"`
	Total int    `json:"total"`                 // records held now that fit the filters
	Next  string `json:"next_cursor,omitempty"` // absent on the last page
}

// window says which records of a list are asked for: those from start on, at most limit.
type window struct{ start, limit int }

// parseWindow reads limit and either cursor or start.
func parseWindow(query url.Values) (window, error) {
	limit, err := number(query, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		return window{}, err
	}
	start, err := number(query, "start", 0, 0, 1<<31-1)
	if err != nil {
		return window{}, err
	}
	if cursor := query.Get("cursor"); cursor != "" {
		if query.Get("start") != "" {
			return window{}, fmt.Errorf("cursor and start exclude each other")
		}
		start, err = decodeCursor(cursor)
	}
	return window{start: start, limit: limit}, err
}

func number(query url.Values, name string, absent, least, most int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s must be a number from %d to %d, not %q", name, least, most, text)
	}
	return n, nil
}

// cut takes the window out of all records. A window behind the end is an empty page.
func cut[T any](all []T, w window) page[T] {
	from := min(w.start, len(all))
	to := min(from+w.limit, len(all))
	p := page[T]{Data: all[from:to], Total: len(all)}
	if to < len(all) {
		p.Next = encodeCursor(to)
	}
	return p
}

// encodeCursor hides a position in a token, as APIs do that want to stay free in what it means.
func encodeCursor(position int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "after:%d", position))
}

func decodeCursor(cursor string) (int, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	digits, found := strings.CutPrefix(string(raw), "after:")
	position, bad := strconv.ParseUint(digits, 10, 31)
	if err != nil || !found || bad != nil {
		return 0, fmt.Errorf("cursor %q is none of ours", cursor)
	}
	return int(position), nil
}

// filter keeps the transitions that the query names: zone, dst and since, whose bound is included.
type filter struct {
	zone  string
	dst   *bool
	since time.Time
}

func parseFilter(query url.Values) (filter, error) {
	f := filter{zone: query.Get("zone")}
	if text := query.Get("dst"); text != "" {
		dst, err := strconv.ParseBool(text)
		if err != nil {
			return filter{}, fmt.Errorf("dst must be true or false, not %q", text)
		}
		f.dst = &dst
	}
	if text := query.Get("since"); text != "" {
		since, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return filter{}, fmt.Errorf("since must be a time such as 2024-03-31T01:00:00Z, not %q", text)
		}
		f.since = since
	}
	return f, nil
}

func (f filter) keeps(t Transition) bool {
	return (f.zone == "" || f.zone == t.Zone) && (f.dst == nil || *f.dst == t.DST) && !t.Time.Before(f.since)
}
