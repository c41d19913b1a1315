package simapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// Time windows: CURSOR_PAGINATION with timestamp (both edges inclusive) and CHAINING with timestamp, GLOBAL (both edges
// inclusive, or the end exclusive). Windows begin before the backlog and cross its gap.

func (s *stream) window(m map[string]string, format string, write func(time.Time) string) map[string]string {
	first := s.start.Add(-history).Truncate(time.Second)
	m["timestamp.format"] = format
	m["initial.start.timestamp.value"] = write(first)
	m["initial.end.timestamp.value"] = write(first.Add(windowSeconds * time.Second))
	m["timestamp.interval.format"] = "Seconds"
	m["http.timestamp.interval"] = strconv.Itoa(windowSeconds)
	return m
}

func writeMillis(t time.Time) string  { return strconv.FormatInt(t.UnixMilli(), 10) }
func writeSeconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
func writeISO(t time.Time) string     { return t.UTC().Format(time.RFC3339) }

func windowToken(s *stream) map[string]string {
	return s.window(map[string]string{
		"http.offset.mode": "CURSOR_PAGINATION", "enable.cursor.pagination.with.timestamp.mode": "true",
		"http.next.page.json.pointer": "/next", "http.cursor.pagination.parameter.name": "page_token",
		"is.next.page.token.absolute.url": "false", "http.timestamp.json.pointer": "/time",
		"http.request.parameters":         "from=${start_time}&to=${end_time}",
		"http.response.data.json.pointer": "/items",
	}, "Unix Timestamp Milliseconds", writeMillis)
}

func windowURL(s *stream) map[string]string {
	return s.window(map[string]string{
		"http.offset.mode": "CURSOR_PAGINATION", "enable.cursor.pagination.with.timestamp.mode": "true",
		"http.next.page.json.pointer":     "/next",
		"http.request.parameters":         "from=${start_time}&to=${end_time}",
		"http.response.data.json.pointer": "/items",
	}, "Unix Timestamp Seconds", writeSeconds)
}

// bounds are the records of the window asked for: those with from <= time < to, or <= to when edge is 1.
func (s *stream) bounds(q query, edge int64) (lo, hi int, err error) {
	var t [2]int64
	for i, name := range []string{"from", "to"} {
		if t[i], err = parseTime(q.values.Get(name)); err != nil {
			return 0, 0, fmt.Errorf("parameter %s: %w", name, err)
		}
	}
	return s.byTime(t[0]), s.byTime(t[1] + edge), nil
}

// parseTime reads a number, or a time of ISO 8601 as seconds.
func parseTime(v string) (int64, error) {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return n, nil
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return 0, fmt.Errorf("time %q: %w", v, err)
	}
	return t.Unix(), nil
}

func serveWindowToken(s *stream, q query) answer {
	skip, err := parseSkip(q.values.Get("page_token"))
	if err != nil {
		return badRequest(err)
	}
	return s.windowPage(q, skip, func(skip int) string {
		return base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "skip=%d", skip))
	})
}

func serveWindowURL(s *stream, q query) answer {
	skip, _ := strconv.Atoi(q.values.Get("skip"))
	return s.windowPage(q, skip, func(skip int) string {
		v := url.Values{"from": q.values["from"], "to": q.values["to"], "skip": {strconv.Itoa(skip)}}
		return q.origin + q.path + "?" + v.Encode()
	})
}

func (s *stream) windowPage(q query, skip int, next func(skip int) string) answer {
	lo, hi, err := s.bounds(q, 1)
	if err != nil {
		return badRequest(err)
	}
	link := `""`
	if hi > lo+skip+s.limit {
		raw, _ := json.Marshal(next(skip + s.limit))
		link = string(raw)
	}
	return s.page(`{"next":`+link+`,"items":[`, s.span(lo+skip, hi, s.limit), `]}`)
}

func parseSkip(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	raw, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return 0, fmt.Errorf("token %q: %w", token, err)
	}
	var skip int
	if _, err := fmt.Sscanf(string(raw), "skip=%d", &skip); err != nil {
		return 0, fmt.Errorf("token %q: %w", token, err)
	}
	return skip, nil
}

// standWindow reads a window's start and how many of its records the token or URL skips.
func standWindow(s *stream, fields map[string]string) (Standing, error) {
	start, err := parseTime(fields["start_time"])
	if err != nil {
		return Standing{}, err
	}
	skip, err := skipped(fields["offset"])
	if err != nil {
		return Standing{}, err
	}
	st := s.standEdge(start)
	if skip > 0 {
		st.Least = st.Least + skip
		st.Most = max(st.Most, st.Least)
	}
	st.Position = []int64{start, int64(skip)}
	return st, nil
}

func skipped(offset string) (int, error) {
	u, err := url.Parse(offset)
	if err != nil || u.Scheme == "" {
		return parseSkip(offset)
	}
	return strconv.Atoi(u.Query().Get("skip"))
}

// standEdge is the standing at the beginning of a window: its first instant's records may have been emitted with the
// window before.
func (s *stream) standEdge(start int64) Standing {
	return Standing{Position: []int64{start, 0}, Least: s.byTime(start), Most: s.byTime(start + 1)}
}

func global(s *stream) map[string]string {
	return s.window(map[string]string{
		"http.offset.mode": "CHAINING", "chaining.with.timestamp.mode": "true",
		"chaining.with.timestamp.mode.record.ordering": "GLOBAL",
		"http.offset.json.primary.key.pointer":         "/id", "http.chaining.pagination.parameter.name": "starting_after",
		"http.request.parameters": "created[gte]=${start_time}&created[to]=${end_time}",
	}, "Unix Timestamp Seconds", writeSeconds)
}

func globalISO(s *stream) map[string]string {
	m := global(s)
	return s.window(m, "ISO8601", writeISO)
}

// serveGlobal pages by the id of the last record within the window; edge is 1 when the window's end is inclusive.
func serveGlobal(edge int64) func(*stream, query) answer {
	return func(s *stream, q query) answer {
		q.values.Set("from", q.values.Get("created[gte]"))
		q.values.Set("to", q.values.Get("created[to]"))
		lo, hi, err := s.bounds(q, edge)
		if err != nil {
			return badRequest(err)
		}
		if v := q.values.Get("starting_after"); v != "" {
			n, err := parseID(v)
			if err != nil {
				return badRequest(err)
			}
			lo = max(lo, n+1)
		}
		return s.page(`[`, s.span(lo, hi, s.limit), `]`)
	}
}

func standGlobal(s *stream, fields map[string]string) (Standing, error) {
	start, err := parseTime(fields["start_time"])
	if err != nil {
		return Standing{}, err
	}
	st := s.standEdge(start)
	key := fields["primary_key"]
	if key == "" {
		key = fields["offset"]
	}
	if key == "" {
		return st, nil
	}
	k, err := standID(s, key)
	if err != nil {
		return st, err
	}
	st.Least = max(st.Least, k.Least)
	st.Most = max(st.Most, k.Most)
	return st, nil // the key falls back to none when a window ends: only the start orders
}
