// Package mask shows URLs without the secrets in them. It is pure.
package mask

import (
	"net/url"
	"strings"
)

// Hidden stands for what must not be seen.
const Hidden = "***"

// URL returns raw as it may be shown: without user name and password, and with *** for the values of query and
// fragment parameters whose names say that they are secret (api_key, token, access_token, password, secret, sig, key and
// their like; not page tokens). It never fails: what is no URL is treated as if it were one.
func URL(raw string) string {
	rest, fragment, hasFragment := strings.Cut(raw, "#")
	address, query, hasQuery := strings.Cut(rest, "?")
	out := maskUser(address)
	if hasQuery {
		out += "?" + maskParameters(query)
	}
	if hasFragment {
		out += "#" + maskParameters(fragment)
	}
	return out
}

// maskUser removes the user information in front of the host. A backslash ends a host too: some take it for a slash.
func maskUser(address string) string {
	scheme, host := "", address
	if i := strings.Index(address, "//"); i >= 0 {
		scheme, host = address[:i+2], address[i+2:]
	}
	end := strings.IndexAny(host, `/\`)
	if end < 0 {
		end = len(host)
	}
	if at := strings.LastIndexByte(host[:end], '@'); at >= 0 {
		host = host[at+1:]
	}
	if at := strings.LastIndexByte(scheme, '@'); at >= 0 { // user:pass@host//path
		scheme = scheme[at+1:]
	}
	return scheme + host
}

// maskParameters masks the values of secret parameters and leaves the rest as it was written.
func maskParameters(query string) string {
	var out strings.Builder
	for len(query) > 0 {
		end := strings.IndexAny(query, "&;")
		if end < 0 {
			end = len(query)
		}
		name, value, _ := strings.Cut(query[:end], "=")
		if value != "" && secretName(name) {
			out.WriteString(name + "=" + Hidden)
		} else {
			out.WriteString(query[:end])
		}
		if end < len(query) {
			out.WriteByte(query[end])
			end++
		}
		query = query[end:]
	}
	return out.String()
}

// secretNames are whole parameter names, in small letters and without separators.
var secretNames = map[string]bool{
	"key": true, "sig": true, "auth": true, "jwt": true, "pwd": true, "pass": true, "passwd": true, "appid": true, "sid": true,
	"session": true, "sessionid": true, "authorization": true, "credential": true, "credentials": true, "code": true,
}

// secretEndings end the names of secrets.
var secretEndings = []string{
	"apikey", "accesskey", "secretkey", "privatekey", "subscriptionkey", "appkey", "authkey", "apppassword", "password",
	"passphrase", "secret", "signature", "token", "credential", "accesskeyid", "assertion",
}

// secretName reports whether a parameter of this name, as it stands in the URL, holds a secret.
func secretName(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	name = strings.Map(lettersOnly, name)
	if secretNames[name] {
		return true
	}
	for _, ending := range secretEndings {
		if strings.HasSuffix(name, ending) {
			return ending != "token" || !isCursor(name)
		}
	}
	return false
}

// lettersOnly drops separators and makes letters small, so that api_key, apiKey and X-Api-Key are one name.
func lettersOnly(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r + ('a' - 'A')
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		return r
	}
	return -1
}

// isCursor reports whether a token says where to read on rather than who reads.
func isCursor(name string) bool {
	for _, part := range []string{"page", "next", "continu", "sync", "cursor", "skip", "delta"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
