// Package access says who a caller of the REST API is and what that caller may do: users with passwords, bearer tokens
// and client certificates, each with one of four roles.
package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
)

// Config says who may call. With nothing but Log set everybody is an Admin; that is meant for loopback alone.
type Config struct {
	Users      connector.Secret // rest.auth.users: entries name:hash:role, see Hash
	UsersFile  string           // rest.auth.basic.users.file: a file of such entries; read again when it changes
	Tokens     connector.Secret // rest.auth.tokens: entries name:hash:role, see HashToken
	TokensFile string           // rest.auth.tokens.file: a file of such entries; read again when it changes
	Rules      string           // rest.auth.mtls.rules: as CN=alice:admin; DNS=*.ci.example.com:viewer
	Anonymous  Role             // rest.auth.anonymous.role: of callers without credentials. Default Open: none
	Log        *slog.Logger     // is told of files that changed. Default slog.Default()
}

// Caller is who calls.
type Caller struct {
	Name string // user, token's name or certificate's name; empty: anonymous
	Role Role
}

// Error is why a caller is not let in, in words for the client. It holds no credential.
type Error struct {
	Status     int           // 401, 403, 429, or 503 when too many passwords are being checked
	Message    string        // for Connect's error body
	Challenge  []string      // values of WWW-Authenticate; with 401
	RetryAfter time.Duration // for Retry-After, whole seconds; with 429 and 503
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// SetHeader sets the answer's headers that belong to the error.
func (e *Error) SetHeader(h http.Header) {
	for _, c := range e.Challenge {
		h.Add("WWW-Authenticate", c)
	}
	if e.RetryAfter > 0 {
		h.Set("Retry-After", fmt.Sprint(int(e.RetryAfter/time.Second)))
	}
}

// Access is the doorkeeper. It is safe for concurrent use.
type Access struct {
	users, tokens *ledger // nil: no such credentials
	rules         []rule
	anonymous     Role
	passwords     *passwords
	failures      *failures
}

// New reads users, tokens and rules. A *fault.Error names the property and the line, never what stands there.
func New(c Config) (*Access, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	a := &Access{anonymous: c.Anonymous, passwords: newPasswords(), failures: newFailures()}
	var faults [3]error
	a.users, faults[0] = newLedger(origin{"rest.auth.users", "rest.auth.basic.users.file", c.UsersFile, c.Users, parsePassword}, c.Log)
	a.tokens, faults[1] = newLedger(origin{"rest.auth.tokens", "rest.auth.tokens.file", c.TokensFile, c.Tokens, parseDigest}, c.Log)
	a.rules, faults[2] = parseRules(c.Rules)
	if err := errors.Join(faults[:]...); err != nil {
		return nil, &fault.Error{
			Kind: fault.Fatal, Op: "read who may call the REST API", Err: err,
			Hint: "write entries as name:hash:role; `workerctl auth hash` makes the hash, roles are viewer, operator, editor and admin",
		}
	}
	if a.users == nil && a.tokens == nil && len(a.rules) == 0 && a.anonymous == Open {
		a.anonymous = Admin
	}
	return a, nil
}

// Admit lets a request pass whose caller has at least the needed role; Open lets all pass, whatever credentials they
// bring. The error is an *Error.
func (a *Access) Admit(r *http.Request, needed Role) error {
	if needed == Open {
		return nil
	}
	c, err := a.Caller(r)
	switch {
	case err != nil:
		return err
	case c.Role >= needed:
		return nil
	case c.Name == "":
		return a.unknown("HTTP 401 Unauthorized: this call needs credentials")
	}
	return &Error{Status: http.StatusForbidden, Message: fmt.Sprintf("HTTP 403 Forbidden: this call needs the role %s, yours is %s", needed, c.Role)}
}

// Caller says who sent a request: the one that As vouches for, else by its credentials. Wrong credentials are an *Error;
// none are the anonymous caller, whose name is empty. A password is worked out once; later it costs next to nothing.
func (a *Access) Caller(r *http.Request) (Caller, error) {
	if c, ok := r.Context().Value(vouched{}).(Caller); ok {
		return c, nil
	}
	if a.open() {
		return Caller{Role: a.anonymous}, nil
	}
	given := r.Header.Values("Authorization")
	if len(given) == 0 {
		return a.byCertificate(r), nil
	}
	scheme, credentials, _ := strings.Cut(given[0], " ")
	switch {
	case len(given) > 1:
	case strings.EqualFold(scheme, "basic") && a.users != nil:
		return a.basic(r)
	case strings.EqualFold(scheme, "bearer") && a.tokens != nil:
		return a.bearer(r, strings.TrimSpace(credentials))
	}
	return Caller{}, a.unknown("HTTP 401 Unauthorized: credentials of this kind are not taken")
}

// Guards reports whether callers can, and so must, identify themselves. A listener off loopback needs that.
func (a *Access) Guards() bool { return !a.open() }

// open reports whether nobody can identify themselves; what clients send by habit does not matter then.
func (a *Access) open() bool { return a.users == nil && a.tokens == nil && len(a.rules) == 0 }

// unknown asks for credentials of the kinds there are. Certificates cannot be asked for by a header.
func (a *Access) unknown(message string) *Error {
	e := &Error{Status: http.StatusUnauthorized, Message: message}
	if a.users != nil {
		e.Challenge = append(e.Challenge, `Basic realm="headwater", charset="UTF-8"`)
	}
	if a.tokens != nil {
		e.Challenge = append(e.Challenge, `Bearer realm="headwater"`)
	}
	if len(e.Challenge) == 0 {
		return &Error{Status: http.StatusForbidden, Message: "HTTP 403 Forbidden: this call needs a client certificate that rest.auth.mtls.rules gives a role"}
	}
	return e
}

type vouched struct{}

// As returns r as sent by c, whom another worker has admitted and vouched for by its signature, or whom Caller found.
func As(r *http.Request, c Caller) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), vouched{}, c))
}
