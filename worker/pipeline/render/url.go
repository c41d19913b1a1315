package render

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/headwater/headwater/internal/connector"
)

// URL is the template of a request's address.
type URL struct {
	base    string // without a slash at its end
	origin  string
	encoded bool // base stands as it is sent
	path    Template
	params  []param
}

type param struct {
	name    string // as typed
	encoded string
	value   Template
}

// CompileURL builds the template of api's address. Errors name the property, without its apiN prefix where it has one.
func CompileURL(base string, api connector.API) (URL, error) {
	parsed, err := parseBase(base)
	if err != nil {
		return URL{}, fmt.Errorf("http.api.base.url: %w", err)
	}
	u := URL{base: strings.TrimSuffix(base, "/"), origin: parsed.Scheme + "://" + parsed.Host}
	u.encoded = strings.HasSuffix(base, parsed.EscapedPath())
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

// parseBase parses a base URL, which has scheme and host and may have a path, but nothing else.
func parseBase(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not an http or https URL", base)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("must have no user, query or fragment; put a query into http.request.parameters and a user into connection.user")
	}
	return u, nil
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
	var space [2][256]byte // most addresses fit in, which leaves one allocation
	path, link, err := appendPath(space[0][:0], u.path, v)
	if err != nil {
		return "", fmt.Errorf("http.api.path: %w", err)
	}
	whole := absolute(string(path[:min(len(path), len("https://"))]))
	full := u.join(space[1][:0], path, whole)
	if _, query, ok := bytes.Cut(path, []byte("?")); !ok || !link || len(query) == 0 {
		if full, err = u.appendQuery(full, v, extra); err != nil {
			return "", fmt.Errorf("http.request.parameters: %w", err)
		}
	}
	if link || whole || !u.encoded {
		return u.check(string(full), whole)
	}
	address := string(full) // an encoded base with encoded text behind it: it is well formed, and goes out as it stands
	before, _, _ := strings.Cut(address, "?")
	return unclimbed(address, before)
}

// appendQuery puts the parameters behind an address, which may have some.
func (u URL) appendQuery(b []byte, v Values, extra []connector.Pair) (_ []byte, err error) {
	separator := byte('?')
	if bytes.IndexByte(b, '?') >= 0 {
		separator = '&'
	}
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
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	for _, p := range extra {
		begin(parameterName(p.Name))
		b = append(b, component(p.Value)...)
	}
	return b, nil
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
func (u URL) join(b, path []byte, whole bool) []byte {
	if whole {
		return append(b, path...)
	}
	b = append(b, u.base...)
	if len(path) > 0 && path[0] != '/' && path[0] != '?' {
		b = append(b, '/')
	}
	return append(b, path...)
}

// check holds a finished address that is not ours alone, as one that a link went into, against the template: same origin,
// and no segment that climbs.
func (u URL) check(full string, whole bool) (string, error) {
	parsed, err := url.Parse(full)
	if err != nil {
		return "", fmt.Errorf("http.api.path: %w", err)
	}
	if !whole && !strings.EqualFold(parsed.Scheme+"://"+parsed.Host, u.origin) {
		return "", fmt.Errorf("http.api.path: %q is not at %s", full, u.origin)
	}
	return unclimbed(full, parsed.EscapedPath())
}

// unclimbed is the finished address, unless its path, which may have scheme and host before it, has a segment that climbs.
func unclimbed(full, path string) (string, error) {
	for s := range strings.SplitSeq(path, "/") {
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
