package connector

import (
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
)

// template is a property whose value may hold placeholders.
type template struct{ property, text string }

func (c *check) templates() []template {
	return []template{
		{"http.api.path", c.api.Path},
		{"http.request.headers", c.api.headers},
		{"http.request.sensitive.headers", c.api.sensitive.Reveal()},
		{"http.request.parameters", c.api.parameters},
		{"http.path.parameters", c.api.pathParameters},
		{"http.request.body", c.api.Body},
	}
}

// uses reports whether a request holds ${name}.
func (c *check) uses(name string) bool {
	return slices.ContainsFunc(c.templates(), func(t template) bool { return slices.Contains(form.Placeholders(t.text), name) })
}

// placeholders refuses names that nothing stands for in this offset mode.
func (c *check) placeholders(known []string) {
	for _, p := range c.api.PathParameters {
		known = append(known, p.Name)
	}
	for _, t := range c.templates() {
		for _, name := range form.Placeholders(t.text) {
			if !slices.Contains(known, name) {
				c.reject(t.property, unknownPlaceholder(name, known))
				break
			}
		}
	}
}

func unknownPlaceholder(name string, known []string) property.Problem {
	p := property.Problem{
		Text: "has a placeholder that stands for nothing in this offset mode", Detail: "${" + name + "}",
		Hint: "write one of ${" + strings.Join(known, "}, ${") + "}",
	}
	if strings.Contains(name, ":") {
		p.Hint = "if it is a provider reference, the worker's config.providers must name the provider"
	}
	return p
}
