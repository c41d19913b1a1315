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
	bare, open, openFragment := maskUser(address), maskParameters(query), maskParameters(fragment)
	if len(bare) == len(address) && open == query && openFragment == fragment {
		return raw // as nearly always
	}
	if hasQuery {
		bare += "?" + open
	}
	if hasFragment {
		bare += "#" + openFragment
	}
	return bare
}

// maskUser removes the user information in front of the host. A backslash ends a host too: some take it for a slash.
func maskUser(address string) string {
	if strings.IndexByte(address, '@') < 0 {
		return address
	}
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
	done := 0 // how much of query is in out
	for from := 0; from < len(query); {
		end := from + strings.IndexAny(query[from:], "&;")
		if end < from {
			end = len(query)
		}
		name, value, _ := strings.Cut(query[from:end], "=")
		if value != "" && secretName(name) {
			out.WriteString(query[done:from] + name + "=" + Hidden)
			done = end
		}
		from = end + 1
	}
	if done == 0 {
		return query
	}
	return out.String() + query[done:]
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
	if strings.IndexByte(name, '%') >= 0 {
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
	}
	var room [32]byte
	plain := string(lettersOnly(room[:0], name))
	if secretNames[plain] {
		return true
	}
	for _, ending := range secretEndings {
		if strings.HasSuffix(plain, ending) {
			return ending != "token" || !isCursor(plain)
		}
	}
	return false
}

// lettersOnly appends name without separators and in small letters, so that api_key, apiKey and X-Api-Key are one name.
func lettersOnly(to []byte, name string) []byte {
	for _, c := range []byte(name) {
		switch {
		case 'A' <= c && c <= 'Z':
			to = append(to, c+('a'-'A'))
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			to = append(to, c)
		}
	}
	return to
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
