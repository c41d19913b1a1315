package source

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/headwater/headwater/worker/pipeline/poll"
)

// maxRedirects is how many redirects of one request are followed.
const maxRedirects = 5

// maxDrain is how much of an unwanted body is read so that its connection can be used again.
const maxDrain = 64 << 10

// send sends r and follows redirects of a GET. Once it has left the base URL's origin it sends no credentials any more,
// also not when it is led back: the way was chosen by someone else. The caller closes the answer's body.
func (c *Client) send(r poll.Request, w *watch) (*http.Response, *failure) {
	u, err := parseURL(r.URL)
	if err != nil {
		return nil, refused(nil, err)
	}
	from, home := c.base, true
	var last *http.Response
	for hop := 0; ; hop++ {
		if err := c.guard.permit(u, from); err != nil {
			return nil, refused(last, err)
		}
		home = home && c.guard.home(u)
		resp, fail := c.once(r, u, home, w)
		if fail != nil {
			return nil, fail
		}
		if r.Method != http.MethodGet || !redirects(resp) {
			return resp, nil
		}
		drain(resp, w)
		if hop == maxRedirects {
			return nil, refused(resp, &refusal{fmt.Sprintf("more than %d redirects", maxRedirects), ""})
		}
		next, err := location(resp, u)
		if err != nil {
			return nil, refused(resp, err)
		}
		from, u, last = u, next, resp
	}
}

// once sends one hop and waits for the headers of its answer.
func (c *Client) once(r poll.Request, u *url.URL, home bool, w *watch) (*http.Response, *failure) {
	req, err := c.build(w.ctx, r, u, home)
	if err != nil {
		return nil, refused(nil, err)
	}
	resp, err := c.transport.RoundTrip(req)
	w.disarm()
	if err == nil {
		return resp, nil
	}
	if cause := context.Cause(w.ctx); cause != nil {
		err = cause
	}
	return nil, broken(err)
}

// redirects reports whether resp is one of the redirects that say where to.
func redirects(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp.Header.Get("Location") != ""
	}
	return false
}

// location resolves where resp leads. The fragment is of no use, a user name is refused by the guard.
func location(resp *http.Response, from *url.URL) (*url.URL, error) {
	next, err := parseURL(resp.Header.Get("Location"))
	if err != nil {
		return nil, &refusal{fmt.Sprintf("the redirect's Location is unusable: %v", err), ""}
	}
	plain := *from
	plain.User = nil
	return plain.ResolveReference(next), nil
}

// drain reads what is left of a short body and closes it.
func drain(resp *http.Response, w *watch) {
	_, _ = io.CopyN(io.Discard, &watched{resp.Body, w}, maxDrain) // what fails here fails again where it matters
	_ = resp.Body.Close()
}
