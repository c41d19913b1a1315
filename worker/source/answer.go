package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/worker/pipeline/poll"
	"github.com/headwater/headwater/worker/source/inflate"
	"github.com/headwater/headwater/worker/source/mask"
	"github.com/headwater/headwater/worker/source/spool"
)

// attempt sends r once and reads the whole answer.
func (c *Client) attempt(ctx context.Context, r poll.Request) (out poll.Response, fail *failure) {
	w := c.startWatch(ctx)
	defer func() { c.endWatch(w, fail == nil) }()
	resp, fail := c.send(r, w)
	if fail != nil {
		return poll.Response{}, fail
	}
	b := openBody(resp, w, c.conf.MaxPage)
	defer b.Close()
	out = poll.Response{Status: resp.StatusCode, Reason: reason(resp), URL: mask.URL(c.hide(r.Header, r.URL))}
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return out, rejected(resp, b.readHead())
	case resp.StatusCode == http.StatusNoContent || resp.ContentLength == 0:
	default:
		if err := charset(resp.Header); err != nil {
			return out, unusable(resp, b.readHead(), err)
		}
	}
	fail = c.page(w.ctx, r.Want, resp, b, &out)
	c.meters.received(b.wire.n, out.Bytes)
	return out, fail
}

// page splits the body into out: a short one from memory, a longer one while it comes in.
func (c *Client) page(ctx context.Context, want poll.Want, resp *http.Response, b *body, out *poll.Response) *failure {
	records := spool.New(c.conf.Memory, c.conf.Dir)
	defer records.Discard()
	wanted := extract.Wanted{Data: want.Data, Root: want.Root}
	var found extract.Found
	var err error
	doc, rest := b.begin(resp.ContentLength)
	if rest == nil {
		found, err = b.splitter.Split(doc, wanted, records.Keep)
	} else {
		found, err = extract.Split(io.MultiReader(bytes.NewReader(doc), rest), wanted, records.Append)
	}
	if err != nil {
		return unread(ctx, resp, b.head, err)
	}
	if rest == nil && records.Held() < int64(cap(doc)/2) {
		records.Detach() // a page waits for its commit, and is not to keep what is not in it
	}
	if out.Records, err = records.List(); err != nil {
		return local(err)
	}
	out.DataFound, out.Root, out.Bytes = found.Data, found.Root, b.plain.n
	return nil
}

// unread sorts out why a 2xx answer could not be read.
func unread(ctx context.Context, resp *http.Response, head []byte, err error) *failure {
	var bad *extract.Malformed
	var large *tooLarge
	var ours *spool.Error
	switch {
	case errors.As(err, &ours):
		return local(ours)
	case errors.As(err, &bad), errors.As(err, &large), inflate.Miscoded(err):
		return unusable(resp, head, err)
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if inflate.Damaged(err) {
		err = fmt.Errorf("the compressed body was damaged on its way: %w", err)
	}
	return broken(err)
}

// charset refuses what is declared to be anything but UTF-8. Nothing declared is UTF-8, as JSON has it.
func charset(h http.Header) error {
	declared := h.Get("Content-Type")
	if _, params, _ := strings.Cut(declared, ";"); params == "" || strings.EqualFold(strings.TrimSpace(params), "charset=utf-8") {
		return nil
	}
	_, params, err := mime.ParseMediaType(declared)
	if err != nil {
		return nil // a Content-Type that says nothing says nothing about characters
	}
	switch name := strings.ToLower(params["charset"]); name {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return nil
	default:
		return fmt.Errorf("the answer's charset is %q: only UTF-8 is read", name)
	}
}

// reason is the answer's reason phrase; HTTP/2 has none, so the usual one stands for it.
func reason(resp *http.Response) string {
	_, phrase, _ := strings.Cut(resp.Status, " ")
	if phrase = strings.TrimSpace(phrase); phrase != "" {
		return phrase
	}
	return http.StatusText(resp.StatusCode)
}
