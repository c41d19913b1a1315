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

// placeholders refuses names that nothing stands for in this offset mode. What is wrong with the chains may be the reason.
func (c *check) placeholders(known []string) {
	if c.r.Faulty(chainsProperty) {
		return
	}
	known = slices.Concat(known, c.api.Placeholders)
	for _, t := range c.templates() {
		for _, name := range form.Placeholders(t.text) {
			// A path parameter's value is not looked through for path parameters.
			bound := t.property != "http.path.parameters" && c.parameter(name)
			if !bound && !slices.Contains(known, name) {
				c.reject(t.property, c.unknownPlaceholder(name, known))
				break
			}
		}
	}
}

// parameter reports whether name is that of a path parameter.
func (c *check) parameter(name string) bool {
	return slices.ContainsFunc(c.api.PathParameters, func(p Pair) bool { return p.Name == name })
}

func (c *check) unknownPlaceholder(name string, known []string) property.Problem {
	p := property.Problem{
		Text: "has a placeholder that stands for nothing in this offset mode", Detail: "${" + name + "}",
		Hint: "write one of ${" + strings.Join(known, "}, ${") + "}",
	}
	switch {
	case c.api.Child && strings.HasPrefix(name, "/"):
		p.Hint = "as a JSON Pointer it must have ~1 for a / within a name and ~0 for a ~, and no ? in a path"
	case strings.Contains(name, ":"):
		p.Hint = "if it is a provider reference, the worker's config.providers must name the provider"
	case !c.api.Child:
		p.Hint += "; a field of another API's records needs " + chainsProperty
	}
	return p
}
