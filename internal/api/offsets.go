package api

import (
	"context"
	"net/http"

	"github.com/headwater/headwater/internal/api/body"
)

const stopped = "STOPPED"

func (s *Server) offsets(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	name, _, err := s.find(r)
	if err == nil && s.opts.Offsets == nil {
		err = missing("Offsets are")
	}
	if err != nil {
		return answer{}, err
	}
	list, err := s.opts.Offsets.Offsets(ctx, name)
	return answer{status: http.StatusOK, body: struct {
		Offsets []Offset `json:"offsets"`
	}{append([]Offset{}, list...)}}, err
}

// alterOffsets changes the offsets of single partitions of a stopped connector (KIP-875).
func (s *Server) alterOffsets(ctx context.Context, r *http.Request, sent []byte) (answer, error) {
	changes, err := body.Offsets(sent)
	if err != nil {
		return answer{}, badBody(err)
	}
	name, err := s.alterable(r)
	if err != nil {
		return answer{}, err
	}
	if err := s.checkOffsets(name, changes); err != nil {
		return answer{}, err
	}
	return said("The offsets for this connector have been altered successfully"), s.opts.Alterer.Alter(ctx, name, changes)
}

// resetOffsets forgets all offsets of a stopped connector.
func (s *Server) resetOffsets(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	name, err := s.alterable(r)
	if err != nil {
		return answer{}, err
	}
	return said("The offsets for this connector have been reset successfully"), s.opts.Alterer.Reset(ctx, name)
}

func said(message string) answer {
	return answer{status: http.StatusOK, body: struct {
		Message string `json:"message"`
	}{message}}
}

// alterable returns the connector that the path names, if its offsets can be changed now.
func (s *Server) alterable(r *http.Request) (string, error) {
	name, _, err := s.find(r)
	if err == nil && s.opts.Alterer == nil {
		err = missing("Changing offsets is")
	}
	if err != nil {
		return "", err
	}
	if _, rests := s.wanted(name); !rests {
		return "", NotStopped(name)
	}
	return name, nil
}

// wanted returns what a connector is told to be, and whether it is stopped and has no tasks any more.
func (s *Server) wanted(name string) (target string, rests bool) {
	c, _ := s.opts.Reader.Connector(name)
	st, known := s.state(name)
	if target = c.Target; target == "" {
		switch target = st.Connector.State; target {
		case stopped, "PAUSED":
		default:
			target = "STARTED"
		}
	}
	return target, known && target == stopped && len(st.Tasks) == 0
}

func (s *Server) checkOffsets(name string, changes []OffsetChange) error {
	if s.opts.CheckOffsets == nil {
		return nil
	}
	return s.opts.CheckOffsets(name, changes)
}

// topics lists what a connector has written to; an unknown one has written to nothing (KIP-558).
func (s *Server) topics(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	if s.opts.Topics == nil {
		return answer{}, errNoTracking
	}
	name := r.PathValue("name")
	return answer{status: http.StatusOK, body: map[string]map[string][]string{
		name: {"topics": append([]string{}, s.opts.Topics.ActiveTopics(name)...)},
	}}, nil
}

func (s *Server) resetTopics(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	switch {
	case s.opts.Topics == nil:
		return answer{}, errNoTracking
	case s.opts.KeepTopics:
		return answer{}, &Error{http.StatusForbidden, "Topic tracking reset is disabled."}
	}
	return answer{status: http.StatusAccepted}, s.opts.Topics.ResetTopics(ctx, r.PathValue("name"))
}

var errNoTracking = &Error{http.StatusForbidden, "Topic tracking is disabled."}
