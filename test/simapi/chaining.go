package simapi

import (
	"fmt"
	"slices"
	"strconv"
)

// SIMPLE_INCREMENTING: start and limit.

func incrementing(s *stream) map[string]string {
	return map[string]string{
		"http.offset.mode": "SIMPLE_INCREMENTING", "http.initial.offset": "0",
		"http.request.parameters":         fmt.Sprintf("start=${offset}&limit=%d", s.limit),
		"http.response.data.json.pointer": "/items",
	}
}

func serveStart(s *stream, q query) answer {
	start, err := q.number("start")
	if err != nil || start < 0 {
		return badRequest(fmt.Errorf("start %q: %w", q.values.Get("start"), err))
	}
	return s.page(`{"items":[`, s.span(int(start), len(s.rows), s.limit), `]}`)
}

// standCount reads an offset that is the number of the last record.
func standCount(_ *stream, fields map[string]string) (Standing, error) {
	n, err := strconv.Atoi(fields["offset"])
	if err != nil {
		return Standing{}, err
	}
	return at(n + 1), nil
}

// CHAINING: by the key of the last record, exclusive, inclusive, and inclusive with equal keys.

func chaining(*stream) map[string]string {
	return map[string]string{
		"http.offset.mode": "CHAINING", "http.initial.offset": "0", "http.offset.json.pointer": "/key",
		"http.request.parameters": "after=${offset}", "http.response.data.json.pointer": "/hits/hits",
	}
}

func serveAfter(s *stream, q query) answer {
	key, err := q.number("after")
	if err != nil {
		return badRequest(err)
	}
	return s.page(`{"hits":{"total":0,"hits":[`, s.span(s.byKey(key+1), len(s.rows), s.limit), `]}}`)
}

func chainingInclusive(*stream) map[string]string {
	return map[string]string{
		"http.offset.mode": "CHAINING", "http.initial.offset": "0", "http.offset.json.pointer": "/key",
		"http.request.parameters": "from=${offset}", "http.response.data.json.pointer": "/hits/hits",
	}
}

func chainingPost(*stream) map[string]string {
	return map[string]string{
		"http.offset.mode": "CHAINING", "http.initial.offset": "0", "http.offset.json.pointer": "/key",
		"http.request.method": "POST", "http.request.body": `{"sort":["key"],"from":${offset}}`,
		"http.request.headers": "Content-Type: application/json", "http.response.data.json.pointer": "/hits/hits",
	}
}

func serveFrom(s *stream, q query) answer {
	key, err := q.number("from")
	if err != nil {
		return badRequest(err)
	}
	return s.page(`{"hits":{"hits":[`, s.span(s.byKey(key), len(s.rows), s.limit), `],"total":0}}`)
}

// standKey reads an offset that is the key of the last record: of several with that key, one at least was emitted.
func standKey(s *stream, fields map[string]string) (Standing, error) {
	key, err := strconv.ParseInt(fields["offset"], 10, 64)
	if err != nil {
		return Standing{}, err
	}
	if key == 0 {
		return at(0), nil
	}
	first, behind := s.byKey(key), s.byKey(key+1)
	if first == behind {
		return Standing{}, fmt.Errorf("no record has the key %d", key)
	}
	return Standing{Position: []int64{key}, Least: first + 1, Most: behind}, nil
}

// CHAINING with timestamps, RELATIVE: by time and id of the last record.

func relative(*stream) map[string]string {
	return map[string]string{
		"http.offset.mode": "CHAINING", "chaining.with.timestamp.mode": "true",
		"chaining.with.timestamp.mode.record.ordering": "RELATIVE",
		"http.initial.offset":                          "0", "http.offset.json.pointer": "/time", "http.offset.json.primary.key.pointer": "/id",
		"timestamp.format": "Unix Timestamp Seconds", "http.request.parameters": "time=${offset}&id=${primary_key}",
		"http.response.data.json.pointer": "/result",
	}
}

func serveRelative(s *stream, q query) answer {
	t, err := q.number("time")
	if err != nil {
		return badRequest(err)
	}
	from := 0
	if v := q.values.Get("id"); v != "" {
		n, err := parseID(v)
		if err != nil {
			return badRequest(err)
		}
		from = n + 1
	}
	from = min(max(from, s.byTime(t)), max(from, s.byTime(t+1)))
	return s.page(`{"result":[`, s.span(from, len(s.rows), s.limit), `]}`)
}

func standRelative(s *stream, fields map[string]string) (Standing, error) {
	if fields["primary_key"] == "" {
		return at(0), nil
	}
	return standID(s, fields["primary_key"])
}

func standID(s *stream, v string) (Standing, error) {
	n, err := parseID(v)
	if err != nil || n >= len(s.rows) {
		return Standing{}, fmt.Errorf("%q is no id of a record: %w", v, err)
	}
	return at(n + 1), nil
}

// SNAPSHOT_PAGINATION: the whole list, oldest or newest first.

func snapshot(pointer string) func(*stream) map[string]string {
	return func(*stream) map[string]string {
		return map[string]string{"http.offset.mode": "SNAPSHOT_PAGINATION", "http.offset.json.pointer": pointer}
	}
}

func serveSnapshot(s *stream, _ query) answer {
	all := s.span(0, len(s.rows), len(s.rows))
	if s.name == "snapshot-descending" {
		slices.Reverse(all)
	}
	return s.page("\n[\n ", all, "\n]\n")
}

func standSnapshot(s *stream, fields map[string]string) (Standing, error) {
	return standID(s, fields["offset"])
}
