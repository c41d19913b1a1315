// Package catalogue finds the row of any property name of a connector: by name, alias or pattern, global or of one API.
package catalogue

import (
	"slices"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// Catalogue is all that is known of a connector's properties.
type Catalogue struct {
	Global []property.Row
	API    []property.Row // without the apiN prefix
}

// APIName takes a name of the form apiN.rest apart.
func APIName(name string) (n int, rest string, ok bool) {
	head, rest, found := strings.Cut(name, ".")
	digits, isAPI := strings.CutPrefix(head, "api")
	n, err := strconv.Atoi(digits)
	if !found || !isAPI || err != nil || n < 1 || strconv.Itoa(n) != digits {
		return 0, "", false
	}
	return n, rest, true
}

// Find returns the row of a property. The row of a pattern is a secret when the rest of the name looks like one.
func (c Catalogue) Find(name string) (property.Row, bool) {
	rows := c.Global
	if _, rest, ok := APIName(name); ok {
		rows, name = c.API, rest
	}
	for _, row := range rows {
		if row.Name == name || slices.Contains(row.Aliases, name) {
			return row, true
		}
	}
	row, rest, ok := property.Match(rows, name)
	if ok && property.LooksSecret(rest) {
		row.Type = property.Password
	}
	return row, ok
}

// Nearest suggests a known name in place of one that is not, "" when none is near. The name of an API's property without
// apiN. leads to api1: the product's own pages leave the prefix out.
func (c Catalogue) Nearest(name string) string {
	prefix, global := "api1.", c.Global
	if n, rest, ok := APIName(name); ok {
		prefix, name, global = "api"+strconv.Itoa(n)+".", rest, nil
	}
	full := map[string]string{}
	for _, known := range names(c.API) {
		full[known] = prefix + known
	}
	for _, known := range names(global) {
		full[known] = known
	}
	return full[property.Nearest(name, slices.Concat(names(global), names(c.API)))]
}

func names(rows []property.Row) []string {
	var all []string
	for _, row := range rows {
		all = append(append(all, row.Name), row.Aliases...)
	}
	return all
}

// Mask returns a copy of properties that may be shown: secrets are ***, save those that are nothing but a provider
// reference, which stands as it was written. A property that is not known is a secret when its name looks like one.
func (c Catalogue) Mask(properties map[string]string) map[string]string {
	masked := make(map[string]string, len(properties))
	for name, value := range properties {
		masked[name] = value
		if c.secret(name) && strings.TrimSpace(value) != "" && !property.Reference(value) {
			masked[name] = property.Hidden
		}
	}
	return masked
}

func (c Catalogue) secret(name string) bool {
	row, known := c.Find(name)
	return row.Secret() || (!known && property.LooksSecret(name))
}
