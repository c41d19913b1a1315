package poll

import (
	"errors"
	"fmt"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/worker/pipeline/render"
)

// cursor is CURSOR_PAGINATION: each answer names the next page. The last page, which names none, is asked for again
// until it does, and what was emitted of it is remembered.
type cursor struct {
	ask       *ask
	next      extract.Pointer
	parameter string // the query parameter that takes the token
	links     bool   // is.next.page.token.absolute.url
	template  bool   // a template holds ${offset}
}

func newCursor(api connector.API, a *ask) (mode, error) { return compileCursor(api, a) }

func compileCursor(api connector.API, a *ask) (cursor, error) {
	if api.NextPage == nil {
		return cursor{}, errors.New("http.next.page.json.pointer: CURSOR_PAGINATION needs it")
	}
	a.wants(api.NextPage)
	return cursor{a, *api.NextPage, api.CursorParameter, api.NextIsURL, a.uses("offset")}, nil
}

func (cursor) start(s State) (State, error) {
	s.trail = s.trail.With(s.at.Offset)
	return s, nil
}

func (c cursor) turn(s State, _ time.Time) (Turn, error) {
	r, err := c.request(s.values())
	return Turn{Request: r, State: s}, err
}

// request puts a token, v.Offset, where it belongs: a whole URL is asked for as it is, then come the named parameter and the
// templates, then links that lack scheme and host.
func (c cursor) request(v render.Values) (Request, error) {
	token := v.Offset
	v.Link = true
	switch {
	case token == "":
		return c.ask.request(v)
	case c.links && render.Whole(token):
		link, err := render.Follow(token)
		if err != nil {
			return Request{}, err
		}
		return c.ask.at(link, v)
	case c.parameter != "" && !c.ask.template.URL.Fills(c.parameter, "offset"):
		return c.ask.request(v, connector.Pair{Name: c.parameter, Value: token})
	case c.template, c.parameter != "":
		return c.ask.request(v)
	case c.links && (token[0] == '/' || token[0] == '?'):
		return c.fragment(v)
	}
	return Request{}, fmt.Errorf("the next page's value %q cannot be placed in a request: set http.cursor.pagination.parameter.name or put ${offset} into a template", token)
}

// fragment resolves a link against the first page's URL.
func (c cursor) fragment(v render.Values) (Request, error) {
	link := v.Offset
	v.Offset = ""
	first, err := c.ask.request(v)
	if err != nil {
		return Request{}, err
	}
	resolved, err := render.Resolve(first.URL, link)
	if err != nil {
		return Request{}, err
	}
	v.Offset = link
	return c.ask.at(resolved, v)
}

// token is what the answer names as the next page; empty if nothing.
func (c cursor) token(p *page) (string, error) {
	t, err := p.r.text(c.next)
	if t == "false" {
		t = ""
	}
	return t, err
}

func (c cursor) page(p *page) error {
	token, err := c.token(p)
	if err != nil {
		return err
	}
	first := p.s.at.Offset == "" // the first page repeats none
	if p.step.Reason = c.ended(p.s, token); first && p.step.Reason != "" {
		return p.remember()
	}
	again, err := p.repeated()
	if err != nil {
		return err
	}
	if again = again && !first; !again && p.step.Reason == "" {
		p.step.Next.at.Offset = token
		p.step.Next.trail = p.s.trail.With(token)
		return p.forget()
	}
	p.step.Next.pages = p.s.pages
	err = p.remember()
	if again {
		p.step.Reason = RepeatedPage
		p.dropRange(0, p.r.Records.Len())
	}
	return err
}

// ended names the reason why a token leads no further; empty if it does.
func (cursor) ended(s State, token string) Reason {
	switch {
	case token == "":
		return EndOfStream
	case token == s.at.Offset:
		return RepeatedToken
	case s.trail.Has(token):
		return TokenCycle
	}
	return ""
}
