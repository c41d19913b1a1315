package form

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// BaseURL checks http.api.base.url.
func BaseURL(text string) error {
	problem := func(what, hint string) error { return property.Problem{Text: what, Hint: hint} }
	if strings.Contains(text, "${") {
		return problem("holds a placeholder", "placeholders are replaced in apiN.http.api.path, parameters, headers and body only")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		return problem("is not an http or https URL", "write scheme and host, as https://api.example.com/v1")
	case u.User != nil:
		return problem("holds credentials", "set auth.type=BASIC with connection.user and connection.password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return problem("holds a query or fragment", "put the query into apiN.http.request.parameters")
	case !validPort(u):
		return problem("has a port that does not exist", "write a port from 1 to 65535")
	}
	return nil
}

func validPort(u *url.URL) bool {
	_, after, found := strings.Cut(u.Host[strings.LastIndexByte(u.Host, ']')+1:], ":")
	if !found {
		return true
	}
	n, err := strconv.ParseUint(after, 10, 16)
	return err == nil && n > 0
}

var hostForm = regexp.MustCompile(`^([a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?\.)*[a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?\.?$`)

// Hosts reads a list of host names, addresses and ranges of addresses, separated by commas.
func Hosts(text string) ([]string, error) {
	var hosts []string
	for entry := range strings.SplitSeq(text, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		if entry == "" {
			continue
		}
		_, prefixErr := netip.ParsePrefix(entry)
		_, addrErr := netip.ParseAddr(entry)
		if prefixErr != nil && addrErr != nil && (len(entry) > 253 || !hostForm.MatchString(entry)) {
			return nil, property.Problem{
				Text: "has an entry that is no host name, address or range", Detail: strconv.Quote(entry),
				Hint: "write hosts without scheme, port and wildcards, as cdn.example.com,192.0.2.0/24",
			}
		}
		hosts = append(hosts, entry)
	}
	return hosts, nil
}
