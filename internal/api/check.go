package api

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"github.com/headwater/headwater/internal/connector/property"
)

// check sees to what belongs to the call rather than to the configuration, and fills in the property name.
func (s *Server) check(name string, config map[string]string) error {
	if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
		return Invalid("Invalid value for configuration name: a name without control characters is needed")
	}
	if given, ok := config["name"]; ok && given != name {
		return &Error{http.StatusBadRequest, fmt.Sprintf(
			"Connector name configuration (%s) doesn't match connector name in the URL (%s)", given, name)}
	}
	config["name"] = name
	for name, value := range config {
		if value == property.Hidden {
			return Invalid(fmt.Sprintf("Invalid value for configuration %s: %s stands for a secret that is not shown; "+
				"give the secret or a reference such as ${file:path:key}", name, property.Hidden))
		}
	}
	return s.checkClass(config["connector.class"])
}

// unmask gives back the secrets of a configuration that was read here, changed and sent again: a value that is the mask of
// the present one means the present one. It does so only while everything that says where secrets are sent stays as it is;
// else whoever may change a configuration could have its secrets sent to a host of their own.
func (s *Server) unmask(present, sent map[string]string) (map[string]string, error) {
	shown := s.opts.Mask(present)
	for name, value := range sent {
		if value != shown[name] || value == present[name] {
			continue
		}
		if moved := firstMoved(present, sent); moved != "" {
			return nil, Invalid(fmt.Sprintf("Invalid value for configuration %s: give the secret anew, since %s has changed "+
				"and a secret that is not shown is kept for its old destination only", name, moved))
		}
		sent[name] = present[name]
	}
	return sent, nil
}

// firstMoved returns a property that says where requests go and is not the same in a and b.
func firstMoved(a, b map[string]string) string {
	for _, config := range []map[string]string{a, b} {
		for name := range config {
			if a[name] != b[name] && destination(name) {
				return name
			}
		}
	}
	return ""
}

func destination(name string) bool {
	for _, part := range []string{"url", "uri", "host", "server", "proxy", "endpoint", "whitelist"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
