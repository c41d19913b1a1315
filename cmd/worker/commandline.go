package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/headwater/headwater/internal/api/access"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/document"
	"github.com/headwater/headwater/internal/fault"
)

// connectors waits until somebody leads, and writes what the command line names. A connector file that cannot be used
// ends the start: nobody would see it in the log.
func (m *member) connectors(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	self, err := m.led(ctx)
	if err == nil {
		err = m.caughtUp(ctx)
	}
	if err == nil && !self {
		m.settled(ctx)
	}
	if err != nil {
		return err
	}
	for _, d := range m.options.connectors {
		put := m.hand
		if self {
			put = func(ctx context.Context, d document.Document) error { return m.herder.Put(ctx, d.Name, d.Properties) }
		}
		if err := put(ctx, d); err != nil {
			if _, ok := errors.AsType[*connector.Fault](err); ok {
				return &inputError{err}
			}
			return &fault.Error{Op: "start connector " + d.Name, Err: err}
		}
	}
	return nil
}

// hand gives a connector to the worker that leads.
func (m *member) hand(ctx context.Context, d document.Document) error {
	body, err := json.Marshal(d.Properties)
	if err != nil {
		return err
	}
	address := m.self.GetUrl() + "/connectors/" + url.PathEscape(d.Name) + "/config"
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	w := &reply{header: http.Header{}}
	if !m.forward.Forward(w, access.As(r, access.Caller{Name: "command line", Role: access.Admin}), body) {
		return m.herder.Put(ctx, d.Name, d.Properties) // the lead has just come to us
	}
	if w.status >= http.StatusMultipleChoices {
		return &inputError{fmt.Errorf("%s: the leader answers %d: %s", d.Name, w.status, w.body.Bytes())}
	}
	return nil
}

// reply holds what a forwarded call was answered with.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *reply) Header() http.Header { return w.header }

func (w *reply) WriteHeader(status int) { w.status = status }

func (w *reply) Write(b []byte) (int, error) { return w.body.Write(b) }
