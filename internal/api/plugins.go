package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// hidden is Connect's mask for values of type PASSWORD in answers of validate.
const hidden = "[hidden]"

func (s *Server) plugins(context.Context, *http.Request, []byte) (answer, error) {
	return answer{status: http.StatusOK, body: append([]Plugin{}, s.opts.Plugins...)}, nil
}

func (s *Server) definitions(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	p, ok := s.plugin(r.PathValue("plugin"))
	if !ok {
		return answer{}, &Error{http.StatusNotFound, "Unknown plugin " + r.PathValue("plugin") + "."}
	}
	if s.opts.Validator == nil {
		return answer{}, missing("Property definitions are")
	}
	list := slices.Clone(s.opts.Validator.Definitions(p.Class))
	for i := range list {
		list[i] = complete(list[i])
	}
	return answer{status: http.StatusOK, body: append([]Definition{}, list...)}, nil
}

// validate answers 200 whenever validation ran: the faults are inside.
func (s *Server) validate(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	config, err := parseConfig(body)
	if err != nil {
		return answer{}, err
	}
	class, wanted := config["connector.class"], r.PathValue("plugin")
	if !strings.HasSuffix(strings.TrimSuffix(class, "Connector"), strings.TrimSuffix(wanted, "Connector")) {
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
	return answer{status: http.StatusOK, body: s.report(class, config, list)}, nil
}

// validation is Connect's ConfigInfos.
type validation struct {
	Name    string      `json:"name"`
	Errors  int         `json:"error_count"`
	Groups  []string    `json:"groups"`
	Configs []Validated `json:"configs"`
}

func (s *Server) report(class string, config map[string]string, list []Validated) validation {
	v := validation{Name: class, Groups: []string{}, Configs: make([]Validated, len(list))}
	shown := s.opts.Mask(config)
	for i, c := range list {
		secret := shown[c.Value.Name] != config[c.Value.Name]
		if c.Definition != nil {
			d := complete(*c.Definition)
			c.Definition = &d
			secret = secret || d.Type == "PASSWORD"
			if d.Group != "" && !slices.Contains(v.Groups, d.Group) {
				v.Groups = append(v.Groups, d.Group)
			}
		}
		if secret && c.Value.Value != nil {
			c.Value.Value = new(hidden)
		}
		c.Value.Errors = append([]string{}, c.Value.Errors...)
		c.Value.Recommended = append([]string{}, c.Value.Recommended...)
		v.Errors += len(c.Value.Errors)
		v.Configs[i] = c
	}
	return v
}

// complete fills in what follows from the rest of a definition.
func complete(d Definition) Definition {
	d.Order = d.OrderInGroup
	d.Dependents = append([]string{}, d.Dependents...)
	if d.Type == "PASSWORD" && d.Default != nil {
		d.Default = new(hidden)
	}
	return d
}
