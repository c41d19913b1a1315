// Package forward hands calls that only the leader can answer on to it, signed with the cluster's session key, so that
// every worker can be asked anything.
package forward

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// limit is how long the leader has, as the API itself.
	limit = 90 * time.Second
	// maxBody and maxAnswer bound what is held in memory for one call.
	maxBody   = 4 << 20
	maxAnswer = 8 << 20
)

// Connect's texts; tools made for it match on them and try again.
const (
	noLeader    = "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."
	conflicting = "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"
	ioError     = "IO Error trying to forward REST request: "
)

// Forwarder sends calls to the leader and knows those that were sent by another worker. Its fields must be set before the
// first call; it is then safe for concurrent use, and must not be copied.
type Forwarder struct {
	// Leader says where the leader's REST API is, whether that is this worker, and whether there is one.
	Leader func() (url string, self, known bool)
	// Key returns the newest session key of the config topic; empty: none was read yet.
	Key func() []byte
	// URL returns this worker's own advertised URL. What was signed for another worker is refused. Nil: it is not checked.
	URL func() string
	// Role names the role that the caller of a request was admitted with; it is signed too. Nil: none.
	Role func(r *http.Request) string
	// Client sends; see NewClient. Nil: one without TLS settings of its own. Its owner closes its idle connections.
	Client *http.Client

	once sync.Once
	own  *http.Client
	keys keys
	seen seen
}

// Error is a refusal in words for the client.
type Error struct {
	Status  int
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Forward answers r by asking the leader, and reports false, having done nothing, when this worker leads and has to answer
// itself. body is what was read of r's body. As in Connect a call is forwarded twice at most; the query says how often.
func (f *Forwarder) Forward(w http.ResponseWriter, r *http.Request, body []byte) (done bool) {
	to, self, known := f.Leader()
	switch {
	case self:
		return false
	case !known || to == "":
		fail(w, &Error{http.StatusConflict, noLeader})
	default:
		f.Send(w, r, body, to)
	}
	return true
}

// Send answers r by asking the worker at the base URL to, as Forward does with the leader.
func (f *Forwarder) Send(w http.ResponseWriter, r *http.Request, body []byte, to string) {
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	out, err := f.onward(ctx, r, body, to)
	if err != nil {
		fail(w, err)
		return
	}
	a, err := f.ask(out)
	if err != nil {
		fail(w, err)
		return
	}
	for _, name := range []string{"Content-Type", "Location", "Retry-After", "Www-Authenticate"} {
		if values := a.header.Values(name); len(values) > 0 {
			w.Header()[name] = values
		}
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may have gone
}

// onward makes the request that another worker is sent.
func (f *Forwarder) onward(ctx context.Context, r *http.Request, body []byte, to string) (*http.Request, *Error) {
	if len(body) > maxBody {
		return nil, &Error{http.StatusRequestEntityTooLarge, "HTTP 413: the request body is too large to be forwarded"}
	}
	query := r.URL.Query()
	switch query.Get("forward") {
	case "":
		query.Set("forward", "true")
	case "true":
		query.Set("forward", "false")
	default:
		return nil, &Error{http.StatusConflict, conflicting}
	}
	role := ""
	if f.Role != nil {
		role = f.Role(r)
	}
	out, err := f.signed(ctx, call{
		method: r.Method, to: to, target: r.URL.EscapedPath() + "?" + query.Encode(), role: role, body: body,
	})
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Authorization", "Content-Type", "Accept"} {
		if values := r.Header.Values(name); len(values) > 0 {
			out.Header[name] = values
		}
	}
	return out, nil
}

// signed makes a request to another worker.
func (f *Forwarder) signed(ctx context.Context, c call) (*http.Request, *Error) {
	key := f.Key()
	if len(key) == 0 {
		return nil, errNoKey
	}
	c.to = strings.TrimSuffix(c.to, "/")
	if f.URL != nil && strings.HasPrefix(f.URL(), "https://") && !strings.HasPrefix(c.to, "https://") {
		return nil, &Error{http.StatusInternalServerError, ioError + "the other worker's URL is not https, this one's is"}
	}
	out, err := http.NewRequestWithContext(ctx, c.method, c.to+c.target, bytes.NewReader(c.body))
	if err != nil {
		return nil, &Error{http.StatusInternalServerError, ioError + "the other worker's URL cannot be used"}
	}
	c.target = out.URL.RequestURI()
	out.Header.Set(Header, newSignature(c, time.Now()).write(key, c))
	return out, nil
}

// Get asks the worker at the base URL for path, which may have a query, signed as a viewer. It returns the body of a 200;
// anything else is an *Error with the status and message of the answer.
func (f *Forwarder) Get(ctx context.Context, url, path string) ([]byte, error) {
	return f.call(ctx, call{method: http.MethodGet, to: url, target: path, role: "viewer"})
}

// Post is Get for a call that changes something and takes no body, signed as an operator: this worker has admitted one.
func (f *Forwarder) Post(ctx context.Context, url, path string) ([]byte, error) {
	return f.call(ctx, call{method: http.MethodPost, to: url, target: path, role: "operator"})
}

func (f *Forwarder) call(ctx context.Context, c call) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, refused := f.signed(ctx, c)
	if refused != nil {
		return nil, refused
	}
	a, refused := f.ask(out)
	switch {
	case refused != nil:
		return nil, refused
	case a.status != http.StatusOK:
		return nil, &Error{a.status, a.message()}
	}
	return a.body, nil
}

// answer is what another worker said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (f *Forwarder) ask(out *http.Request) (answer, *Error) {
	res, err := f.client().Do(out)
	if err != nil {
		return answer{}, unreachable(out, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, unreachable(out, err)
	case len(body) > maxAnswer:
		return answer{}, &Error{http.StatusInternalServerError, ioError + "the answer is larger than 8 MiB"}
	}
	return answer{res.StatusCode, res.Header, body}, nil
}

// unreachable says what is known of a call that brought no answer. One that was never sent is a conflict: it is safe and
// worthwhile to repeat it, since the leader has gone and another follows.
func unreachable(out *http.Request, err error) *Error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the URL
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return &Error{http.StatusConflict, conflicting + ": " + out.URL.Host + " cannot be reached"}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{http.StatusInternalServerError, fmt.Sprintf("Request timed out. %s did not answer within %s", out.URL.Host, limit)}
	}
	return &Error{http.StatusInternalServerError, ioError + err.Error()}
}
