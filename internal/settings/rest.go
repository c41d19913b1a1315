package settings

import "github.com/headwater/headwater/internal/connector"

// REST is how the REST API is guarded. Off loopback there is always both.
type REST struct {
	TLS  *RESTTLS // nil: plain HTTP
	Auth Auth
}

// RESTTLS is the REST API's certificate. The trust store says whose client certificates are taken, and by which
// authorities this worker knows the other workers' servers.
type RESTTLS struct {
	TLS               // listeners.https.ssl.*, or ssl.* when none of those is set
	ClientAuth string // listeners.https.ssl.client.auth: none, requested or required. Defaults to none
}

// Auth says who may call. Without any users, tokens and rules, and with Anonymous none, everybody may do everything: that
// is only possible on loopback.
type Auth struct {
	Users      connector.Secret // rest.auth.users: lines name:hash:role
	UsersFile  string           // rest.auth.basic.users.file: a file of such lines
	Tokens     connector.Secret // rest.auth.tokens: lines name:sha256 of the token:role
	TokensFile string           // rest.auth.tokens.file: a file of such lines
	Rules      string           // rest.auth.mtls.rules: entries as CN=alice:viewer, DNS=*.example.com:operator
	Anonymous  string           // rest.auth.anonymous.role: none, viewer, operator, editor or admin. Defaults to none
}

// Configured reports whether callers can identify themselves.
func (a Auth) Configured() bool {
	return !a.Users.IsZero() || a.UsersFile != "" || !a.Tokens.IsZero() || a.TokensFile != "" || a.Rules != ""
}
