package poll

import (
	"errors"
	"fmt"
	"net/url"
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
	r, err := c.request(s.at.Offset, render.Values{})
	return Turn{Request: r, State: s}, err
}

// request puts a token where it belongs: a whole URL is asked for as it is, then come the named parameter and the
// templates, then links that lack scheme and host.
func (c cursor) request(token string, v render.Values) (Request, error) {
	v.Offset, v.Link = token, true
	switch {
	case token == "":
		return c.ask.request(v)
	case c.links && whole(token):
		link, err := follow(token)
		if err != nil {
			return Request{}, err
		}
		return c.ask.at(link, v)
	case c.parameter != "" && !c.ask.template.URL.Fills(c.parameter, "offset"):
		return c.ask.request(v, connector.Pair{Name: c.parameter, Value: token})
	case c.template, c.parameter != "":
		return c.ask.request(v)
	case c.links && (token[0] == '/' || token[0] == '?'):
		return c.fragment(token, v)
	}
	return Request{}, fmt.Errorf("the next page's value %q cannot be placed in a request: set http.cursor.pagination.parameter.name or put ${offset} into a template", token)
}

// whole reports whether a token has a scheme and a host.
func whole(token string) bool {
	u, err := url.Parse(token)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// follow checks a whole URL that an API gave. Where it leads is for the one to judge who knows the whitelist.
func follow(link string) (string, error) {
	if u, err := url.Parse(link); err != nil {
		return "", fmt.Errorf("the next page's link: %w", err)
	} else if u.User != nil {
		return "", errors.New("the next page's link holds a user name, which is not followed")
	}
	return render.Link(link)
}

// fragment resolves a link against the first page's URL: a path against its origin, a query against its path.
func (c cursor) fragment(link string, v render.Values) (Request, error) {
	v.Offset = ""
	first, err := c.ask.request(v)
	if err != nil {
		return Request{}, err
	}
	base, err := url.Parse(first.URL)
	if err != nil {
		return Request{}, err
	}
	target, err := base.Parse(link)
	if err != nil {
		return Request{}, fmt.Errorf("the next page's link: %w", err)
	}
	resolved, err := follow(target.String())
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
	again, err := p.repeated()
	if err != nil {
		return err
	}
	if again = again && p.s.at.Offset != ""; again {
		token = ""
	}
	if p.step.Reason = c.ended(p.s, token); p.step.Reason == "" {
		p.step.Next.at.Offset = token
		p.step.Next.trail = p.s.trail.With(token)
		return p.forget()
	}
	p.step.Next.pages = p.s.pages
	err = p.remember()
	if again {
		p.step.Reason = RepeatedPage
		p.dropAll()
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
