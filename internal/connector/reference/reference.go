// Package reference finds and resolves provider references in property values: ${file:/etc/secrets.properties:password},
// ${env:TOKEN}. Only providers that the worker has been given count, so that ${offset} is never taken for one.
package reference

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// Reference is one ${provider:path:key} or ${provider:key} in a value.
type Reference struct {
	Provider, Path, Key string // Path may be empty
	start, end          int
}

// Lookup returns the value that a provider has under path and key. Its errors never hold values.
type Lookup func(provider, path, key string) (string, error)

// Find returns the references to providers in value, in order.
func Find(value string, providers []string) []Reference {
	var found []Reference
	for at := 0; ; {
		open := strings.Index(value[at:], "${")
		if open < 0 {
			return found
		}
		open += at
		length := strings.IndexByte(value[open:], '}')
		if length < 0 {
			return found
		}
		at = open + 2
		if r, ok := split(value[at:open+length], providers); ok {
			r.start, r.end = open, open+length+1
			found = append(found, r)
			at = r.end
		}
	}
}

func split(inside string, providers []string) (Reference, bool) {
	provider, rest, ok := strings.Cut(inside, ":")
	if !ok || !slices.Contains(providers, provider) {
		return Reference{}, false
	}
	if path, key, ok := strings.Cut(rest, ":"); ok {
		return Reference{Provider: provider, Path: path, Key: key}, true
	}
	return Reference{Provider: provider, Key: rest}, true
}

// Resolve returns a copy of properties in which every reference to one of providers is replaced by what lookup says. What
// is put in is not looked through again. All failures come at once, as *property.Fault that show the reference and no value.
func Resolve(properties map[string]string, providers []string, lookup Lookup) (map[string]string, error) {
	resolved := make(map[string]string, len(properties))
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		value, err := replace(properties[name], providers, lookup)
		if err != nil {
			faults = append(faults, fault(name, properties[name], err))
		}
		resolved[name] = value
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return resolved, nil
}

func replace(value string, providers []string, lookup Lookup) (string, error) {
	var out strings.Builder
	at := 0
	for _, r := range Find(value, providers) {
		found, err := lookup(r.Provider, r.Path, r.Key)
		if err != nil {
			return "", err
		}
		out.WriteString(value[at:r.start])
		out.WriteString(found)
		at = r.end
	}
	out.WriteString(value[at:])
	return out.String(), nil
}

// fault shows a value only when it is nothing but a reference: the rest might be a part of the secret.
func fault(name, value string, err error) error {
	if !property.Reference(value) {
		value = property.Hidden
	}
	return &property.Fault{
		Property: name, Value: value, Problem: fmt.Sprintf("cannot be resolved: %v", err),
		Hint: "see config.providers of the worker",
	}
}
