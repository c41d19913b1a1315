package connector

import (
	"errors"
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
)

// lists splits headers and parameters. It happens before any placeholder is replaced, so that a value cannot add an entry.
func (c *check) lists(auth AuthType) {
	c.api.Headers = c.headerList("http.request.headers", c.api.headers)
	for _, p := range c.headerList("http.request.sensitive.headers", c.api.sensitive.Reveal()) {
		c.api.SensitiveHeaders = append(c.api.SensitiveHeaders, SecretPair{p.Name, NewSecret(p.Value)})
		c.api.Headers = slices.DeleteFunc(c.api.Headers, func(h Pair) bool { return strings.EqualFold(h.Name, p.Name) })
	}
	c.api.Parameters = c.pairs("http.request.parameters", c.api.parameters, c.api.parametersSeparator, "=")
	c.api.PathParameters = c.pairs("http.path.parameters", c.api.pathParameters, c.api.pathSeparator, ":")
	if auth != AuthNone && c.hasHeader("Authorization") {
		c.warn("http.request.headers", "holds an Authorization header, which wins over auth.type="+auth.String(), "keep one of the two")
	}
}

func (c *check) hasHeader(name string) bool {
	return slices.ContainsFunc(c.api.Headers, func(h Pair) bool { return strings.EqualFold(h.Name, name) }) ||
		slices.ContainsFunc(c.api.SensitiveHeaders, func(h SecretPair) bool { return strings.EqualFold(h.Name, name) })
}

func (c *check) pairs(name, text, separator, mark string) []Pair {
	list, err := form.Pairs(text, separator, mark)
	return c.listed(name, list, err)
}

func (c *check) headerList(name, text string) []Pair {
	list, dropped, err := form.Headers(text, c.api.headersSeparator)
	for _, header := range dropped {
		c.warn(name, "holds "+header+", which is not sent as written", "remove it: the connector sets it for each request")
	}
	return c.listed(name, list, err)
}

func (c *check) listed(name string, list []form.Pair, err error) []Pair {
	if p, bad := errors.AsType[property.Problem](err); bad {
		c.reject(name, p)
		return nil
	}
	var pairs []Pair
	for _, p := range list {
		pairs = append(pairs, Pair(p))
	}
	return pairs
}
