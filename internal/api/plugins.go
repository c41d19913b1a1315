package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/headwater/headwater/internal/api/plugins"
)

// plugins shows the connector classes, with connectorsOnly=false all classes.
func (s *Server) plugins(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	if strings.EqualFold(r.URL.Query().Get("connectorsOnly"), "false") {
		return answer{status: http.StatusOK, body: append([]Plugin{}, s.opts.Plugins...)}, nil
	}
	return answer{status: http.StatusOK, body: plugins.Connectors(s.opts.Plugins)}, nil
}

func (s *Server) definitions(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	p, ok := plugins.Find(s.opts.Plugins, r.PathValue("plugin"))
	if !ok {
		return answer{}, &Error{http.StatusNotFound, "Unknown plugin " + r.PathValue("plugin") + "."}
	}
	if s.opts.Validator == nil {
		return answer{}, missing("Property definitions are")
	}
	return answer{status: http.StatusOK, body: plugins.Complete(s.opts.Validator.Definitions(p.Class))}, nil
}

// validate answers 200 whenever validation ran: the faults are inside.
func (s *Server) validate(ctx context.Context, r *http.Request, sent []byte) (answer, error) {
	config, err := parseConfig(sent)
	if err != nil {
		return answer{}, err
	}
	class, wanted := config["connector.class"], r.PathValue("plugin")
	if !plugins.Same(class, wanted) {
		return answer{}, &Error{http.StatusBadRequest, fmt.Sprintf(
			"Included connector type %s does not match request type %s", class, wanted)}
	}
	if err := s.checkClass(class); err != nil {
		return answer{}, err
	}
	if s.opts.Validator == nil {
		return answer{}, missing("Validation is")
	}
	list, err := s.opts.Validator.Validate(ctx, config)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: plugins.NewReport(class, config, s.opts.Mask(config), list)}, nil
}

func (s *Server) checkClass(class string) error {
	if class == "" {
		return &Error{http.StatusBadRequest, "Connector config contains no connector type: connector.class is missing"}
	}
	known := plugins.Connectors(s.opts.Plugins)
	if _, ok := plugins.Find(known, class); ok || len(known) == 0 {
		return nil
	}
	names := make([]string, len(known))
	for i, p := range known {
		names[i] = p.Class
	}
	return &Error{http.StatusBadRequest, fmt.Sprintf("Failed to find any class that implements Connector and which name "+
		"matches %s, available connectors are: %s", class, strings.Join(names, ", "))}
}
