package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/worker/pipeline/poll"
	"github.com/headwater/headwater/worker/source/egress"
	"github.com/headwater/headwater/worker/source/mask"
	"github.com/headwater/headwater/worker/source/retry"
)

// failure is how one attempt failed.
type failure struct {
	err    error
	hint   string
	final  bool // no retry, whatever the policy says
	ours   bool // nothing the API did: no report
	status *int // status_code of the report
	reason *string
	body   *string
	retry  retry.Failure
}

// noAnswer is the report's status_code when there was no answer, or only a part of one.
const noAnswer = -1

// broken is an attempt without a complete answer.
func broken(err error) *failure {
	code := noAnswer
	f := &failure{err: err, status: &code}
	f.hint = transportHint(err)
	if _, denied := errors.AsType[*egress.Refused](err); denied {
		f.final = true
	}
	return f
}

// rejected is an answer outside 2xx.
func rejected(resp *http.Response, head []byte) *failure {
	code, phrase := resp.StatusCode, reason(resp)
	return &failure{
		err: fmt.Errorf("the API answered %d %s", code, phrase), hint: statusHint(resp),
		status: &code, reason: &phrase, body: shown(head),
		retry: retry.Failure{Status: code, RetryAfter: resp.Header.Values("Retry-After")},
	}
}

// unusable is a complete 2xx answer that cannot be read; it would be the same again.
func unusable(resp *http.Response, head []byte, err error) *failure {
	phrase := reason(resp)
	f := &failure{err: err, final: true, reason: &phrase, body: shown(head)}
	if large, ok := errors.AsType[*tooLarge](err); ok {
		f.err, f.hint = large, "ask for smaller pages: see the API's page size parameter"
	} else if looksLikePage(resp.Header, head) {
		f.hint = "the answer looks like a web page, not JSON, often a login page: check http.api.base.url, http.api.path and auth.type"
	}
	return f
}

// refused is a URL or request that we will not send. last is the answer that led there; nil for a request of our own.
func refused(last *http.Response, err error) *failure {
	code := noAnswer
	f := &failure{err: err, final: true, status: &code}
	if r, ok := errors.AsType[*refusal](err); ok {
		f.hint = r.hint
	}
	if last != nil {
		phrase := reason(last)
		code = last.StatusCode
		f.reason = &phrase
		f.err = fmt.Errorf("redirect %d is not followed: %w", code, err)
	}
	return f
}

// local is an attempt that failed on our side of the wire.
func local(err error) *failure {
	return &failure{err: err, final: true, ours: true, hint: "free space in the folder for temporary files (TMPDIR)"}
}

// shown is a body as a report shows it: at most maxContent bytes of UTF-8.
func shown(head []byte) *string {
	for len(head) > maxContent || len(head) == maxContent && !endsWhole(head) {
		head = head[:len(head)-1]
	}
	text := strings.ToValidUTF8(string(head), "\uFFFD")
	return &text
}

// endsWhole reports whether head does not end inside a character.
func endsWhole(head []byte) bool {
	r, n := utf8.DecodeLastRune(head)
	return r != utf8.RuneError || n > 1
}

// fault turns the last attempt's failure into what the caller gets.
func (c *Client) fault(r poll.Request, f *failure, retries int) *fault.Error {
	url := mask.URL(c.hide(r.Header, r.URL))
	e := &fault.Error{Kind: fault.Permanent, Op: r.Method + " " + url, Hint: f.hint, Err: f.err}
	if text := f.err.Error(); c.hide(r.Header, text) != text {
		e.Err = errors.New(c.hide(r.Header, text))
	}
	if retries > 0 {
		e.Err = fmt.Errorf("%w, after %d retries", e.Err, retries)
	}
	if f.ours {
		e.Kind = fault.Retriable
		return e
	}
	e.Report = &fault.Report{Message: message(e, f), Status: f.status, Reason: f.reason, URL: url}
	if f.body != nil {
		text := c.hide(r.Header, *f.body)
		e.Report.ResponseContent = &text
	}
	if f.retry.Status == 0 {
		text := c.hide(r.Header, exception(f.err))
		e.Report.Exception = &text
	}
	if r.Body != nil {
		payload := c.hide(r.Header, *shown(r.Body))
		e.Report.Payload = &payload
	}
	return e
}

// message is error_message of the report.
func message(e *fault.Error, f *failure) string {
	text := e.Err.Error()
	if f.status != nil && *f.status == noAnswer {
		text = "Exception while processing HTTP request: " + text
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// exception is err behind the name of its type, or of the first type inside that says more than that it wraps.
func exception(err error) string {
	for e := err; e != nil; e = errors.Unwrap(e) {
		name := strings.TrimPrefix(fmt.Sprintf("%T", e), "*")
		if !strings.HasPrefix(name, "fmt.") && !strings.HasPrefix(name, "errors.") {
			return name + ": " + err.Error()
		}
	}
	return "error: " + err.Error()
}

// hide replaces secrets that an API echoed, or that stand in a URL, as a last net.
func (c *Client) hide(headers []poll.Header, text string) string {
	for _, secret := range c.secrets {
		text = without(text, secret)
	}
	for _, h := range headers {
		if h.Secret {
			text = without(text, h.Value)
		}
	}
	return text
}

// without leaves secrets of one to three letters: replacing them would only make the text unreadable.
func without(text, secret string) string {
	const least = 4
	if len(secret) < least {
		return text
	}
	return strings.ReplaceAll(text, secret, mask.Hidden)
}

// transportHint says what a person can do about a connection that failed.
func transportHint(err error) string {
	if timeout, ok := errors.AsType[*timeoutError](err); ok && timeout.property != "" {
		return "is the API slow or unreachable? The wait is set by " + timeout.property
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check http.api.base.url and whether the API is up"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer broke off before its end"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "is the API slow or unreachable? See http.connect.timeout.ms and http.request.timeout.ms"
	}
	return ""
}

// statusHint says what a person can do about a status.
func statusHint(resp *http.Response) string {
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return "check auth.type and its credentials"
	case code == http.StatusNotFound:
		return "check http.api.base.url and http.api.path"
	case code == http.StatusTooManyRequests:
		return "the API limits requests: raise request.interval.ms"
	case redirects(resp):
		return "a POST is not redirected: set http.api.base.url and http.api.path to where it leads"
	}
	return ""
}

// looksLikePage reports whether an answer is a web page rather than data.
func looksLikePage(h http.Header, head []byte) bool {
	return strings.Contains(strings.ToLower(h.Get("Content-Type")), "html") || bytes.HasPrefix(bytes.TrimSpace(head), []byte("<"))
}
