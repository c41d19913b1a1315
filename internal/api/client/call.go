package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// request is a call before it is known which worker answers it. path is escaped.
type request struct {
	method, path string
	query        url.Values
	body         any
	impatient    bool // not repeated at a bad moment
}

// call asks until there is an answer worth having, and puts it into into.
func (c *Client) call(ctx context.Context, r request, into any) error {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return fmt.Errorf("write the body of %s %s: %w", r.method, r.path, err)
		}
	}
	answer, err := c.patiently(ctx, r, body)
	if err != nil || into == nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s %s: the answer is not what was expected, is this a worker's REST API? %w", r.method, r.path, err)
	}
	return nil
}

// patiently repeats what came at a bad moment, for as long as the Patience lasts.
func (c *Client) patiently(ctx context.Context, r request, body []byte) ([]byte, error) {
	end := time.Now().Add(c.config.Patience)
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		answer, err := c.anyServer(ctx, r, body)
		e, ok := errors.AsType[*Error](err)
		if !ok || r.impatient || !e.Momentary() {
			return answer, err
		}
		wait := min(max(pause, e.after), maxAfter)
		if time.Now().Add(wait).After(end) {
			return nil, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// anyServer asks the server that answered last, then the others.
func (c *Client) anyServer(ctx context.Context, r request, body []byte) ([]byte, error) {
	first, silent := int(c.last.Load()), &Unreachable{}
	for i := range c.servers {
		at := (first + i) % len(c.servers)
		answer, sent, err := c.once(ctx, c.servers[at], r, body)
		if _, answered := errors.AsType[*Error](err); err == nil || answered {
			c.last.Store(int32(at))
			return answer, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		silent.add(c.servers[at].String(), err)
		if sent && !repeatable(r.method) {
			silent.Unsure = true
			break
		}
	}
	return nil, silent
}

// repeatable says whether a request that may have been carried out may be sent again.
func repeatable(method string) bool { return method == http.MethodGet || method == http.MethodPut }

// once asks one server. sent says that it may have read the request; an answer that is no success is an *Error.
func (c *Client) once(ctx context.Context, server *url.URL, r request, body []byte) (_ []byte, sent bool, _ error) {
	limit := changeTimeout
	if r.method == http.MethodGet {
		limit = readTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := c.prepare(ctx, server, r, body)
	if err != nil {
		return nil, false, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, connected.Load(), plain(err, limit)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, true, fmt.Errorf("read the answer: %w", err)
	case len(answer) > maxBody:
		return nil, true, &Error{Status: resp.StatusCode, Server: server.String(), Message: fmt.Sprintf("the answer is larger than %d MiB", maxBody>>20)}
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, true, refusal(server.String(), r, resp, answer)
	}
	return answer, true, nil
}

func (c *Client) prepare(ctx context.Context, server *url.URL, r request, body []byte) (*http.Request, error) {
	target := server.String() + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.config.Agent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case c.config.Token != "":
		req.Header.Set("Authorization", "Bearer "+c.config.Token)
	case c.config.User != "":
		req.SetBasicAuth(c.config.User, c.config.Password)
	}
	return req, nil
}

// plain takes off what net/http wraps round an error: method and URL, which the caller names.
func plain(err error, limit time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s: %w", limit, context.DeadlineExceeded)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// maxAfter bounds what a Retry-After header makes us wait at once.
const maxAfter = 5 * time.Second

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxAfter)
}
