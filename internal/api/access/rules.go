package access

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// rule gives certificates a role.
type rule struct {
	attribute, pattern string
	role               Role
}

// attributes are the values of a certificate that a rule can name.
var attributes = map[string]func(*x509.Certificate) []string{
	"CN":    func(c *x509.Certificate) []string { return []string{c.Subject.CommonName} },
	"OU":    func(c *x509.Certificate) []string { return c.Subject.OrganizationalUnit },
	"DNS":   func(c *x509.Certificate) []string { return c.DNSNames },
	"EMAIL": func(c *x509.Certificate) []string { return c.EmailAddresses },
	"URI": func(c *x509.Certificate) []string {
		var uris []string
		for _, u := range c.URIs {
			uris = append(uris, u.String())
		}
		return uris
	},
}

// parseRules reads attribute=pattern:role, separated by semicolons or lines.
func parseRules(text string) ([]rule, error) {
	var rules []rule
	number := 0
	for item := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ';' || c == '\n' }) {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		number++
		r, err := parseRule(item)
		if err == nil && number > maxEntries {
			err = fmt.Errorf("more than %d entries", maxEntries)
		}
		if err != nil {
			return nil, fmt.Errorf("rest.auth.mtls.rules: rule %d: %w", number, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func parseRule(item string) (rule, error) {
	at := strings.LastIndexByte(item, ':') // a URI has colons too
	attribute, pattern, ok := strings.Cut(item[:max(at, 0)], "=")
	if !ok || strings.TrimSpace(pattern) == "" {
		return rule{}, errors.New("not of the form CN=alice:viewer")
	}
	role, ok := ParseRole(strings.TrimSpace(item[at+1:]))
	if !ok || role == Open {
		return rule{}, errors.New("the role is none of viewer, operator, editor, admin")
	}
	r := rule{strings.ToUpper(strings.TrimSpace(attribute)), strings.TrimSpace(pattern), role}
	if attributes[r.attribute] == nil {
		return rule{}, errors.New("the attribute is none of CN, OU, DNS, URI, EMAIL")
	}
	if rest := strings.TrimPrefix(r.pattern, "*."); strings.Contains(rest, "*") || rest != r.pattern && r.attribute != "DNS" {
		return rule{}, errors.New("only DNS names may have a * , as their whole first label")
	}
	return r, nil
}

func (r rule) fits(c *x509.Certificate) bool {
	return slices.ContainsFunc(attributes[r.attribute](c), func(value string) bool {
		switch {
		case value == "":
			return false
		case r.attribute != "DNS" && r.attribute != "EMAIL":
			return value == r.pattern
		case strings.HasPrefix(r.pattern, "*."):
			_, rest, _ := strings.Cut(value, ".")
			return strings.EqualFold(rest, r.pattern[2:])
		}
		return strings.EqualFold(value, r.pattern)
	})
}

// byCertificate is the caller whom a client certificate names. It counts only when the listener has verified it. One that
// no rule knows is as good as none.
func (a *Access) byCertificate(r *http.Request) Caller {
	caller := Caller{Role: a.anonymous}
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.PeerCertificates) == 0 {
		return caller
	}
	leaf := r.TLS.PeerCertificates[0]
	for _, rule := range a.rules {
		if rule.fits(leaf) && (caller.Name == "" || rule.role > caller.Role) {
			caller = Caller{nameOf(leaf), max(rule.role, a.anonymous)}
		}
	}
	return caller
}

func nameOf(c *x509.Certificate) string {
	for _, attribute := range []string{"CN", "DNS", "URI", "EMAIL"} {
		if values := attributes[attribute](c); len(values) > 0 && values[0] != "" {
			return values[0]
		}
	}
	return "certificate " + c.SerialNumber.String()
}
