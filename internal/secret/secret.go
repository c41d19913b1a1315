// Package secret resolves provider references: values of .properties files, environment variables and files of a
// directory, each only where the worker's config.providers allow it. It mirrors Kafka's FileConfigProvider,
// EnvVarConfigProvider and DirectoryConfigProvider, and refuses what these allow by default.
package secret

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/headwater/headwater/internal/connector/document"
	"github.com/headwater/headwater/internal/connector/reference"
)

// Why a reference cannot be resolved. Lookup's errors wrap one of these.
var (
	ErrProvider   = errors.New("is not one of config.providers")
	ErrNotAllowed = errors.New("is not allowed by the provider's allowed.paths or allowlist.pattern")
	ErrNoValue    = errors.New("has no value")
	ErrTooLarge   = fmt.Errorf("is larger than %d bytes", MaxBytes)
)

// Providers looks values up. It keeps none, so that a changed file counts at the next start of a connector.
type Providers struct{ byName map[string]provider }

type provider struct {
	reference.Provider
	names *regexp.Regexp // nil: all
}

// New prepares the providers of config.providers. It reads nothing yet.
func New(list []reference.Provider) (*Providers, error) {
	p := &Providers{byName: make(map[string]provider, len(list))}
	for _, s := range list {
		made := provider{Provider: s}
		if s.Names != "" {
			names, err := regexp.Compile("^(?:" + s.Names + ")$")
			if err != nil {
				return nil, fmt.Errorf("config.providers.%s.param.allowlist.pattern: %w", s.Name, err)
			}
			made.names = names
		}
		p.byName[s.Name] = made
	}
	return p, nil
}

// Names returns the names that references may use, in any order.
func (p *Providers) Names() []string {
	names := make([]string, 0, len(p.byName))
	for name := range p.byName {
		names = append(names, name)
	}
	return names
}

// Lookup returns the value of ${name:path:key}; path is empty in ${name:key}. Its errors hold no value. It fits
// reference.Lookup.
func (p *Providers) Lookup(name, path, key string) (string, error) {
	found, ok := p.byName[name]
	if !ok {
		return "", fmt.Errorf("provider %s %w", name, ErrProvider)
	}
	switch found.Kind {
	case reference.Environment:
		return found.env(key)
	case reference.Directory:
		return found.directory(path, key)
	}
	return found.file(path, key)
}

func (p provider) env(key string) (string, error) {
	if p.names != nil && !p.names.MatchString(key) {
		return "", fmt.Errorf("environment variable %s %w", key, ErrNotAllowed)
	}
	value, ok := os.LookupEnv(key)
	if !ok {
		return "", fmt.Errorf("environment variable %s %w", key, ErrNoValue)
	}
	return value, nil
}

func (p provider) file(path, key string) (string, error) {
	data, err := p.read(path)
	if err != nil {
		return "", err
	}
	properties, _, err := document.Properties(data)
	if err != nil {
		// The parser's own error tells a line's number and no text of it.
		return "", fmt.Errorf("file %s is no .properties file", path)
	}
	value, ok := properties[key]
	if !ok {
		return "", fmt.Errorf("key %s of file %s %w", key, path, ErrNoValue)
	}
	return value, nil
}

func (p provider) directory(path, key string) (string, error) {
	if key == "" || key == "." || key == ".." || filepath.Base(key) != key {
		return "", fmt.Errorf("key of directory %s %w: it must be a file's name", path, ErrNotAllowed)
	}
	data, err := p.read(filepath.Join(path, key))
	return string(data), err
}
