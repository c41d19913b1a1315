package simapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// CURSOR_PAGINATION: pages of Limit records each; the tail page has no next until a record comes that does not fit it.

func cursorToken(*stream) map[string]string {
	return map[string]string{
		"http.offset.mode": "CURSOR_PAGINATION", "http.next.page.json.pointer": "/next",
		"http.cursor.pagination.parameter.name": "page[after]", "is.next.page.token.absolute.url": "false",
		"http.response.data.json.pointer": "/items",
	}
}

func cursorURL(s *stream) map[string]string {
	return map[string]string{
		"http.offset.mode": "CURSOR_PAGINATION", "http.next.page.json.pointer": "/links/next",
		"http.request.parameters":         fmt.Sprintf("size=%d", s.limit),
		"http.response.data.json.pointer": "/items",
	}
}

func cursorPath(s *stream) map[string]string {
	return map[string]string{
		"http.offset.mode": "CURSOR_PAGINATION", "http.next.page.json.pointer": "/links/next",
		"http.api.path": "${offset}", "http.initial.offset": fmt.Sprintf("/api%d/items?size=%d", s.api, s.limit),
		"http.response.data.json.pointer": "/items",
	}
}

func cursorFragment(s *stream) map[string]string {
	return map[string]string{
		"http.offset.mode": "CURSOR_PAGINATION", "http.next.page.json.pointer": "/links/next",
		"http.api.path":                   fmt.Sprintf("/api%d/items?size=%d", s.api, s.limit),
		"http.response.data.json.pointer": "/items",
	}
}

// next says whether page p has a successor by now.
func (s *stream) next(p int) bool { return len(s.rows) > (p+1)*s.limit }

func (s *stream) token(p int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "api%d/page+%d", s.api, p))
}

// parseToken reads a token; none is the first page.
func (s *stream) parseToken(v string) (int, error) {
	if v == "" {
		return 0, nil
	}
	raw, err := base64.StdEncoding.DecodeString(v)
	if err != nil {
		return 0, fmt.Errorf("token %q: %w", v, err)
	}
	api, page, _ := strings.Cut(string(raw), "/page+")
	n, err := strconv.Atoi(page)
	if err != nil || api != fmt.Sprintf("api%d", s.api) || n < 0 {
		return 0, fmt.Errorf("token %q is not one of this API", v)
	}
	return n, nil
}

func serveToken(s *stream, q query) answer {
	p, err := s.parseToken(q.values.Get("page[after]"))
	if err != nil {
		return badRequest(err)
	}
	seqs := s.span(p*s.limit, len(s.rows), s.limit)
	if !s.next(p) { // alternately absent and null
		return s.page(`{"items":[`, seqs, []string{`]}`, `],"next":null}`, `],"next":""}`}[p%3])
	}
	return s.page(`{"items":[`, seqs, `],"next":"`+s.token(p+1)+`"}`)
}

func standToken(s *stream, fields map[string]string) (Standing, error) {
	p, err := s.parseToken(fields["offset"])
	return s.standPage(p), err
}

// standPage is the standing of an offset that leads to page p: all before it was emitted, and perhaps some of it.
func (s *stream) standPage(p int) Standing {
	return Standing{Position: []int64{int64(p)}, Least: p * s.limit, Most: (p + 1) * s.limit}
}

func page(q url.Values) (int, error) {
	if !q.Has("page") {
		return 0, nil
	}
	n, err := strconv.Atoi(q.Get("page"))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("page %q: %w", q.Get("page"), err)
	}
	return n, nil
}

func serveURL(s *stream, q query) answer {
	return s.linked(q, func(p int) string { return fmt.Sprintf("%s%s?size=%d&page=%d", q.origin, q.path, s.limit, p) })
}

// serveReference answers with references: whole paths, and for every other page of the fragment API the query alone.
func serveReference(s *stream, q query) answer {
	return s.linked(q, func(p int) string {
		if s.name == "cursor-fragment" && p%2 == 0 {
			return fmt.Sprintf("?size=%d&page=%d", s.limit, p)
		}
		return fmt.Sprintf("%s?size=%d&page=%d", q.path, s.limit, p)
	})
}

func (s *stream) linked(q query, link func(p int) string) answer {
	p, err := page(q.values)
	if err != nil {
		return badRequest(err)
	}
	next := []byte("null")
	if s.next(p) {
		next, _ = json.Marshal(link(p + 1)) // with \u0026 for &, as many servers write it
	}
	seqs := s.span(p*s.limit, len(s.rows), s.limit)
	return s.page(`{"links":{"self":null,"next":`+string(next)+`},"items":[`, seqs, `]}`)
}

func standURL(s *stream, fields map[string]string) (Standing, error) {
	u, err := url.Parse(fields["offset"])
	if err != nil {
		return Standing{}, err
	}
	p, err := page(u.Query())
	return s.standPage(p), err
}
