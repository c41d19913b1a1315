package simapi

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mode is how an API pages, what the connector is told about it, and what an offset of it means.
type mode struct {
	// properties are those of the API block, without their apiN prefix; path and topic are added where they are absent.
	properties func(s *stream) map[string]string
	serve      func(s *stream, q query) answer
	standing   func(s *stream, fields map[string]string) (Standing, error)
	// fields are the mode's own members of a record, each with a comma behind it; nil: none.
	fields func(s *stream, seq int) string
	clock  func(time.Time) int64 // a record's time in the mode's unit
	equal  bool                  // neighbouring records may share a key
	whole  bool                  // every answer is the whole list
}

// modes has one entry for each way of paging that the connector knows, and for what makes it hard.
var modes = map[string]mode{
	"incrementing":        {properties: incrementing, serve: serveStart, standing: standCount},
	"chaining":            {properties: chaining, serve: serveAfter, standing: standKey, fields: keyField},
	"chaining-inclusive":  {properties: chainingInclusive, serve: serveFrom, standing: standKey, fields: keyField},
	"chaining-equal":      {properties: chainingPost, serve: serveFrom, standing: standKey, fields: keyField, equal: true},
	"cursor-token":        {properties: cursorToken, serve: serveToken, standing: standToken},
	"cursor-url":          {properties: cursorURL, serve: serveURL, standing: standURL},
	"cursor-path":         {properties: cursorPath, serve: serveReference, standing: standURL},
	"cursor-fragment":     {properties: cursorFragment, serve: serveReference, standing: standURL},
	"window-token":        {properties: windowToken, serve: serveWindowToken, standing: standWindow, fields: timeField, clock: millis},
	"window-url":          {properties: windowURL, serve: serveWindowURL, standing: standWindow, fields: timeField, clock: seconds},
	"global":              {properties: global, serve: serveGlobal(1), standing: standGlobal, fields: idField, clock: seconds},
	"global-iso":          {properties: globalISO, serve: serveGlobal(0), standing: standGlobal, fields: idField, clock: seconds},
	"relative":            {properties: relative, serve: serveRelative, standing: standRelative, fields: idField, clock: seconds},
	"snapshot":            {properties: snapshot("/id"), serve: serveSnapshot, standing: standSnapshot, fields: idField, clock: seconds, whole: true},
	"snapshot-descending": {properties: snapshot("/key"), serve: serveSnapshot, standing: standKey, fields: keyField, whole: true},
}

// Modes lists the names of all modes, in order: as many as a connector may have APIs.
func Modes() []string { return slices.Sorted(maps.Keys(modes)) }

func millis(t time.Time) int64  { return t.UnixMilli() }
func seconds(t time.Time) int64 { return t.Unix() }

func keyField(s *stream, seq int) string { return fmt.Sprintf(`"key":%d,`, s.rows[seq].key) }

func timeField(s *stream, seq int) string {
	return fmt.Sprintf(`"time":%d,`, s.mode.clock(s.rows[seq].time))
}

// idField gives an id whose text order is not its number order, as R10 sorts before R9.
func idField(s *stream, seq int) string {
	return fmt.Sprintf(`"id":"%s",%s`, id(seq), timeField(s, seq))
}

func id(seq int) string { return "R" + strconv.Itoa(seq) }

func parseID(v string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(v, "R"))
	if err != nil || id(n) != v {
		return 0, fmt.Errorf("%q is not an id of this API", v)
	}
	return n, nil
}

// query is what a request asks, wherever it says so.
type query struct {
	values url.Values
	origin string // scheme and host
	path   string
}

// readQuery merges the URL's query with the members of a JSON body.
func readQuery(r *http.Request) (query, error) {
	q := query{values: r.URL.Query(), origin: "http://" + r.Host, path: r.URL.Path}
	if r.Method != http.MethodPost {
		return q, nil
	}
	dec := json.NewDecoder(io.LimitReader(r.Body, 1<<16))
	dec.UseNumber()
	var body map[string]any
	if err := dec.Decode(&body); err != nil {
		return q, fmt.Errorf("body: %w", err)
	}
	for k, v := range body {
		q.values.Set(k, fmt.Sprint(v))
	}
	return q, nil
}

// number is a required integer parameter.
func (q query) number(name string) (int64, error) {
	n, err := strconv.ParseInt(q.values.Get(name), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("parameter %s: %w", name, err)
	}
	return n, nil
}

// span lists the sequence numbers from from to to-1, at most limit of them and none that is not there yet.
func (s *stream) span(from, to, limit int) []int {
	to = min(to, len(s.rows), from+limit)
	var out []int
	for i := max(from, 0); i < to; i++ {
		out = append(out, i)
	}
	return out
}

func at(emitted int) Standing {
	return Standing{Position: []int64{int64(emitted)}, Least: emitted, Most: emitted}
}
