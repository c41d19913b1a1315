package settings

import (
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// ownHTTPS reports whether any of listeners.https.* is set, so that ssl.* do not count for the REST API.
func ownHTTPS(r *property.Reader) bool {
	return slices.ContainsFunc(httpsTable, func(f field) bool { return strings.HasPrefix(f.Name, httpsPrefix) && r.Given(f.Name) })
}

// setREST keeps what guards the REST API, and refuses a listener for others that lacks some of it.
func setREST(r *property.Reader, d *draft, at place) {
	switch {
	case at.ok && at.secure:
		setHTTPS(r, d)
	case at.ok && ownHTTPS(r):
		warnIdleHTTPS(r)
	}
	if d.REST.Auth.Rules != "" && at.ok && (d.REST.TLS == nil || d.REST.TLS.ClientAuth == "none") {
		r.Reject("rest.auth.mtls.rules", property.Problem{
			Text: "need client certificates, and none are asked for", Hint: "set listeners to https and listeners.https.ssl.client.auth to requested or required",
		})
	}
	if at.ok && elsewhere(at) {
		checkGuarded(r, d, at)
	}
}

func setHTTPS(r *property.Reader, d *draft) {
	prefix, s := httpsPrefix, d.https
	if !ownHTTPS(r) {
		prefix, s = "", store{d.trust, d.clientAuth}
	} else {
		checkStores(r, prefix, s.TLS) // setTLS has looked at the others
	}
	if s.KeyFile == "" && s.ChainPEM == "" && s.KeyPEM.IsZero() {
		r.Reject(prefix+"ssl.keystore.location", property.Problem{
			Text: "is required: an https listener needs a certificate", Hint: "name a PEM file with the certificate chain and its key, and set " + prefix + "ssl.keystore.type to PEM",
		})
	}
	if s.clientAuth != "none" && s.TrustFile == "" && s.TrustPEM == "" && !r.Faulty(prefix+"ssl.client.auth") {
		r.Reject(prefix+"ssl.truststore.location", property.Problem{
			Text: "is required to tell whose client certificates are taken", Hint: "name a PEM file with your authorities; the system's own vouch for anybody",
		})
	}
	d.REST.TLS = &RESTTLS{TLS: s.TLS, ClientAuth: s.clientAuth}
}

func warnIdleHTTPS(r *property.Reader) {
	for _, f := range httpsTable {
		if strings.HasPrefix(f.Name, httpsPrefix) && r.Given(f.Name) && !r.Faulty(f.Name) {
			r.Warn(f.Name, property.Problem{Text: "is not used by an http listener", Hint: "set listeners to https://host:port"})
		}
	}
}

// checkGuarded is for listeners that others than this machine can reach.
func checkGuarded(r *property.Reader, d *draft, at place) {
	const authHint = "set rest.auth.basic.users.file, rest.auth.tokens.file or rest.auth.mtls.rules"
	const loopbackHint = ", or listen on 127.0.0.1"
	guarded := d.REST.Auth.Configured()
	switch {
	case !at.secure && !guarded:
		r.Reject("listeners", property.Problem{
			Text: "is not a loopback address, which needs TLS and authentication; both are missing",
			Hint: "write https://, set listeners.https.ssl.keystore.*, and " + authHint + loopbackHint,
		})
	case !at.secure:
		r.Reject("listeners", property.Problem{
			Text: "is not a loopback address, which needs TLS; it is missing", Hint: "write https:// and set listeners.https.ssl.keystore.*" + loopbackHint,
		})
	case !guarded:
		r.Reject("listeners", property.Problem{
			Text: "is not a loopback address, which needs authentication; it is missing", Hint: authHint + loopbackHint,
		})
	}
	if role := d.REST.Auth.Anonymous; role != "none" && role != "viewer" && !r.Faulty("rest.auth.anonymous.role") {
		r.Reject("rest.auth.anonymous.role", property.Problem{
			Text: "would let anybody in the network change things", Hint: "write none or viewer" + loopbackHint,
		})
	}
}
