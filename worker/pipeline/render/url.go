package render

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/headwater/headwater/internal/connector"
)

// URL is the template of a request's address.
type URL struct {
	base   string // without a slash at its end
	origin string
	path   Template
	params []param
}

type param struct {
	name    string // as typed
	encoded string
	value   Template
}

// CompileURL builds the template of api's address. Errors name the property, without its apiN prefix where it has one.
func CompileURL(base string, api connector.API) (URL, error) {
	origin, err := originOf(base)
	if err != nil {
		return URL{}, fmt.Errorf("http.api.base.url: %w", err)
	}
	u := URL{base: strings.TrimSuffix(base, "/"), origin: origin}
	if u.path, err = compilePath(api.Path, api.PathParameters, fields(api)); err != nil {
		return URL{}, err
	}
	for _, p := range api.Parameters {
		t, err := parse("http.request.parameters", p.Value, inQuery, fields(api))
		if err != nil {
			return URL{}, err
		}
		// The separator has been split at, so an & is the value's own.
		allowed := strings.NewReplacer("&", "").Replace(literalQuery)
		u.params = append(u.params, param{p.Name, parameterName(p.Name), t.literals(allowed)})
	}
	return u, nil
}

// fields are the names of a work item's values that api's templates may hold.
func fields(api connector.API) []string {
	if !api.Child {
		return nil
	}
	return api.Placeholders
}

// originOf is scheme and host of a base URL, which may have a path but nothing else.
func originOf(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%q is not an http or https URL", base)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("must have no user, query or fragment; put a query into http.request.parameters and a user into connection.user")
	}
	return u.Scheme + "://" + u.Host, nil
}

// Uses reports whether the placeholder name occurs.
func (u URL) Uses(name string) bool {
	for _, p := range u.params {
		if p.value.Uses(name) {
			return true
		}
	}
	return u.path.Uses(name)
}

// Fills reports whether the request parameter called name takes its value from a placeholder.
func (u URL) Fills(name, placeholder string) bool {
	for _, p := range u.params {
		if p.name == name && p.value.Uses(placeholder) {
			return true
		}
	}
	return false
}

// Render puts values in. extra parameters come last and replace configured ones of their name.
func (u URL) Render(v Values, extra ...connector.Pair) (string, error) {
	path, link, err := renderPath(u.path, v)
	if err != nil {
		return "", fmt.Errorf("http.api.path: %w", err)
	}
	full := u.join(path)
	if _, query, ok := strings.Cut(path, "?"); ok && link && query != "" {
		return u.check(full, path)
	}
	separator := byte('?')
	if strings.Contains(full, "?") {
		separator = '&'
	}
	b := append(make([]byte, 0, 2*len(full)+64), full...)
	begin := func(encoded string) {
		b = append(append(append(b, separator), encoded...), '=')
		separator = '&'
	}
	for _, p := range u.params {
		if named(extra, p.name) {
			continue
		}
		begin(p.encoded)
		if b, err = p.value.append(b, v); err != nil {
			return "", fmt.Errorf("http.request.parameters: %s: %w", p.name, err)
		}
	}
	for _, p := range extra {
		begin(parameterName(p.Name))
		b = append(b, component(p.Value)...)
	}
	return u.check(string(b), path)
}

// parameterName is the name of a request parameter as it stands in a query.
func parameterName(name string) string { return literal(name, strings.Trim(literalQuery, "=")) }

func named(pairs []connector.Pair, name string) bool {
	for _, p := range pairs {
		if p.Name == name {
			return true
		}
	}
	return false
}

// join puts exactly one slash between base and path, unless the path is a query alone or a whole URL.
func (u URL) join(path string) string {
	switch {
	case absolute(path):
		return path
	case path == "" || path[0] == '/' || path[0] == '?':
		return u.base + path
	}
	return u.base + "/" + path
}

// check holds the finished address against the template: same origin, and no segment that climbs.
func (u URL) check(full, path string) (string, error) {
	parsed, err := url.Parse(full)
	if err != nil {
		return "", fmt.Errorf("http.api.path: %w", err)
	}
	if !absolute(path) && !strings.EqualFold(parsed.Scheme+"://"+parsed.Host, u.origin) {
		return "", fmt.Errorf("http.api.path: %q is not at %s", full, u.origin)
	}
	for s := range strings.SplitSeq(parsed.EscapedPath(), "/") {
		if dots(s) {
			return "", fmt.Errorf("http.api.path: %q has a . or .. in its path", full)
		}
	}
	return full, nil
}

func absolute(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// Join is the source partition's URL: base and raw path with exactly one slash between. No slash comes before a
// placeholder.
func Join(base, path string) string {
	switch {
	case absolute(path):
		return path
	case path == "" || path[0] == '?' || strings.HasPrefix(path, "${"):
		return base + path
	}
	return strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(path, "/")
}
