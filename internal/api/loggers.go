package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/api/body"
)

// loggers lists the loggers of this worker; JSON objects come out sorted by name.
func (s *Server) loggers(context.Context, *http.Request, []byte) (answer, error) {
	if s.opts.Loggers == nil {
		return answer{}, missing("Loggers are")
	}
	return answer{status: http.StatusOK, body: s.opts.Loggers.Loggers()}, nil
}

func (s *Server) logger(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	if s.opts.Loggers == nil {
		return answer{}, missing("Loggers are")
	}
	name := r.PathValue("logger")
	l, ok := s.opts.Loggers.Loggers()[name]
	if !ok {
		return answer{}, &Error{http.StatusNotFound, "Logger " + name + " not found."}
	}
	return answer{status: http.StatusOK, body: l}, nil
}

// setLevel sets a logger of this worker (200 and the loggers that changed) or, with scope=cluster, of all (204).
func (s *Server) setLevel(ctx context.Context, r *http.Request, sent []byte) (answer, error) {
	if s.opts.Loggers == nil {
		return answer{}, missing("Loggers are")
	}
	level, err := body.Level(sent)
	switch {
	case errors.Is(err, body.ErrLevel):
		return answer{}, &Error{http.StatusNotFound, err.Error()}
	case err != nil:
		return answer{}, badBody(err)
	}
	name := r.PathValue("logger")
	if clusterScope(r) {
		return answer{status: http.StatusNoContent}, s.opts.Loggers.SetClusterLevel(ctx, name, level)
	}
	changed, err := s.opts.Loggers.SetLevel(name, level)
	return answer{status: http.StatusOK, body: slices.Sorted(slices.Values(append([]string{}, changed...)))}, err
}

// clusterScope reports whether a logger is to be set on all workers; unknown scopes mean this worker, as in Connect.
func clusterScope(r *http.Request) bool {
	return strings.EqualFold(r.URL.Query().Get("scope"), "cluster")
}
