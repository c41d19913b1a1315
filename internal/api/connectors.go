package api

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/headwater/headwater/internal/api/body"
)

// taskID names a task as Connect's answers do.
type taskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

// info is Connect's ConnectorInfo.
type info struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []taskID          `json:"tasks"`
	Type   string            `json:"type"`
}

// source is the type of every connector of ours.
const source = "source"

// info returns what is shown of a connector, its secrets masked.
func (s *Server) info(name string, c Connector) info {
	ids := make([]taskID, len(c.Tasks))
	for i := range ids {
		ids[i] = taskID{name, i}
	}
	return info{Name: name, Config: s.opts.Mask(c.Config), Tasks: ids, Type: source}
}

// find returns the connector that the path names.
func (s *Server) find(r *http.Request) (string, Connector, error) {
	name := r.PathValue("name")
	c, ok := s.opts.Reader.Connector(name)
	if !ok {
		return name, c, NotFound(name)
	}
	return name, c, nil
}

func (s *Server) list(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	expand := r.URL.Query()["expand"]
	names := s.opts.Reader.Names()
	if len(expand) == 0 {
		return answer{status: http.StatusOK, body: append([]string{}, names...)}, nil
	}
	all := make(map[string]map[string]any, len(names))
	for _, name := range names {
		if one, ok := s.expand(name, expand); ok {
			all[name] = one
		}
	}
	return answer{status: http.StatusOK, body: all}, nil
}

// expand returns what was asked for about one connector, false when a part is not there. Unknown words are passed over.
func (s *Server) expand(name string, words []string) (map[string]any, bool) {
	one := map[string]any{}
	if slices.Contains(words, "info") {
		c, ok := s.opts.Reader.Connector(name)
		if !ok {
			return nil, false
		}
		one["info"] = s.info(name, c)
	}
	if slices.Contains(words, "status") {
		status, ok := s.state(name)
		if !ok {
			return nil, false
		}
		one["status"] = status
	}
	return one, true
}

func (s *Server) show(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	name, c, err := s.find(r)
	return answer{status: http.StatusOK, body: s.info(name, c)}, err
}

func (s *Server) config(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	_, c, err := s.find(r)
	return answer{status: http.StatusOK, body: s.opts.Mask(c.Config)}, err
}

// parseCreate and parseConfig read bodies; their errors have a status.
func parseCreate(sent []byte) (body.CreateRequest, error) {
	req, err := body.Create(sent)
	if err != nil {
		return req, badBody(err)
	}
	return req, nil
}

func parseConfig(sent []byte) (map[string]string, error) {
	config, err := body.Config(sent)
	if err != nil {
		return nil, badBody(err)
	}
	return config, nil
}

func (s *Server) create(ctx context.Context, _ *http.Request, sent []byte) (answer, error) {
	req, err := parseCreate(sent)
	if err != nil {
		return answer{}, err
	}
	if _, exists := s.opts.Reader.Connector(req.Name); exists {
		return answer{}, Exists(req.Name)
	}
	if err := s.check(req.Name, req.Config); err != nil {
		return answer{}, err
	}
	if err := s.opts.Writer.Create(ctx, req.Name, req.Config, req.Initial); err != nil {
		return answer{}, err
	}
	return s.written(http.StatusCreated, req.Name, req.Config), nil
}

func (s *Server) put(ctx context.Context, r *http.Request, sent []byte) (answer, error) {
	config, err := parseConfig(sent)
	if err != nil {
		return answer{}, err
	}
	return s.replace(ctx, r.PathValue("name"), func(Connector, bool) (map[string]string, error) { return config, nil })
}

// patch changes single properties (KIP-477). It is what a client would do that reads the configuration, changes it and puts
// it back, so the same holds for secrets: they do not go along to another destination.
func (s *Server) patch(ctx context.Context, r *http.Request, sent []byte) (answer, error) {
	change, err := body.Patch(sent)
	if err != nil {
		return answer{}, badBody(err)
	}
	name := r.PathValue("name")
	return s.replace(ctx, name, func(old Connector, exists bool) (map[string]string, error) {
		if !exists {
			return nil, NotFound(name)
		}
		config := maps.Clone(s.opts.Mask(old.Config))
		for property, value := range change {
			if delete(config, property); value != nil {
				config[property] = *value
			}
		}
		return config, nil
	})
}

// replace puts the configuration that change makes of the present one. One at a time: else one of two patches could undo
// the other.
func (s *Server) replace(ctx context.Context, name string, change func(old Connector, exists bool) (map[string]string, error)) (answer, error) {
	select {
	case s.changing <- struct{}{}:
		defer func() { <-s.changing }()
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	old, exists := s.opts.Reader.Connector(name)
	config, err := change(old, exists)
	if err != nil {
		return answer{}, err
	}
	if config, err = s.unmask(old.Config, config); err != nil {
		return answer{}, err
	}
	if err := s.check(name, config); err != nil {
		return answer{}, err
	}
	if err := s.opts.Writer.Put(ctx, name, config); err != nil {
		return answer{}, err
	}
	if !exists {
		return s.written(http.StatusCreated, name, config), nil
	}
	return s.written(http.StatusOK, name, config), nil
}

// written answers a create or replace with what the Reader has of it by now.
func (s *Server) written(status int, name string, config map[string]string) answer {
	c, ok := s.opts.Reader.Connector(name)
	if !ok {
		c = Connector{Config: config}
	}
	a := answer{status: status, body: s.info(name, c)}
	if status == http.StatusCreated {
		a.location = "/connectors/" + url.PathEscape(name)
	}
	return a
}

func (s *Server) remove(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	name, _, err := s.find(r)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.opts.Writer.Delete(ctx, name)
}
