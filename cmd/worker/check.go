package main

import (
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/reference"
)

// parse resolves provider references and checks the configuration.
func (m *member) parse(properties map[string]string) (connector.Config, error) {
	c, _, err := m.check(properties)
	return c, err
}

// warn logs what is odd about a configuration.
func (m *member) warn(properties map[string]string) {
	_, warnings, _ := m.check(properties)
	for _, w := range warnings {
		m.log.Warn("connector configuration", "connector", properties["name"], "warning", w)
	}
}

// check is parse, and says what is odd about the configuration.
func (m *member) check(properties map[string]string) (connector.Config, []connector.Warning, error) {
	p := m.options.providers
	resolved, err := reference.Resolve(properties, p.Names(), p.Lookup)
	if err != nil {
		return connector.Config{}, nil, err
	}
	return connector.ParseResolved(properties, resolved)
}
