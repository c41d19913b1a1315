// Package plugins finds classes by the names that Kafka Connect's clients use for them and completes what is shown of
// their properties.
package plugins

import (
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/api/shape"
)

// hidden is Connect's mask for values of type PASSWORD in answers of validate.
const hidden = "[hidden]"

// Find returns the class of that full name, simple name, simple name without Connector at its end, or alias.
func Find(all []shape.Plugin, class string) (shape.Plugin, bool) {
	for _, p := range all {
		simple := p.Class[strings.LastIndexByte(p.Class, '.')+1:]
		if class == p.Class || class == simple || class == strings.TrimSuffix(simple, "Connector") ||
			slices.Contains(p.Aliases, class) {
			return p, true
		}
	}
	return shape.Plugin{}, false
}

// Connectors leaves out what is no connector: converters, transformations, predicates.
func Connectors(all []shape.Plugin) []shape.Plugin {
	list := []shape.Plugin{}
	for _, p := range all {
		if p.Type == "source" || p.Type == "sink" {
			list = append(list, p)
		}
	}
	return list
}

// Same reports whether a configuration's connector.class belongs to the plugin of the path: it must end with it, both
// without Connector at their ends.
func Same(class, plugin string) bool {
	return strings.HasSuffix(strings.TrimSuffix(class, "Connector"), strings.TrimSuffix(plugin, "Connector"))
}

// Report is Connect's ConfigInfos.
type Report struct {
	Name    string            `json:"name"`
	Errors  int               `json:"error_count"`
	Groups  []string          `json:"groups"`
	Configs []shape.Validated `json:"configs"`
}

// NewReport puts together the answer of validate. shown is config with its secrets masked.
func NewReport(class string, config, shown map[string]string, list []shape.Validated) Report {
	r := Report{Name: class, Groups: []string{}, Configs: make([]shape.Validated, len(list))}
	for i, c := range list {
		secret := shown[c.Value.Name] != config[c.Value.Name]
		if c.Definition != nil {
			d := complete(*c.Definition)
			c.Definition = &d
			secret = secret || d.Type == "PASSWORD"
			if d.Group != "" && !slices.Contains(r.Groups, d.Group) {
				r.Groups = append(r.Groups, d.Group)
			}
		}
		if secret && c.Value.Value != nil {
			c.Value.Value = new(hidden)
		}
		c.Value.Errors = append([]string{}, c.Value.Errors...)
		c.Value.Recommended = append([]string{}, c.Value.Recommended...)
		r.Errors += len(c.Value.Errors)
		r.Configs[i] = c
	}
	return r
}

// Complete fills in what follows from the rest of each definition.
func Complete(list []shape.Definition) []shape.Definition {
	out := make([]shape.Definition, len(list))
	for i, d := range list {
		out[i] = complete(d)
	}
	return out
}

func complete(d shape.Definition) shape.Definition {
	d.Order = d.OrderInGroup
	d.Dependents = append([]string{}, d.Dependents...)
	if d.Type == "PASSWORD" && d.Default != nil {
		d.Default = new(hidden)
	}
	return d
}
