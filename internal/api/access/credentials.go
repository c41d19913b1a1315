package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"
)

const (
	// maxProved bounds the passwords that need not be worked out again.
	maxProved = 2 * maxEntries
	// maxChecks are worked out at once; the others wait for their turn, for maxWait at most.
	maxChecks = 2
	maxWait   = 10 * time.Second
)

const wrong = "HTTP 401 Unauthorized: the credentials are wrong"

// passwords checks passwords, and remembers those it has found right under a key that only this process has.
type passwords struct {
	key   [32]byte
	turns chan struct{}

	mu     sync.Mutex
	of     *entries // what proved was found by
	proved map[[sha256.Size]byte]Caller
}

func newPasswords() *passwords {
	p := &passwords{turns: make(chan struct{}, maxChecks)}
	_, _ = rand.Read(p.key[:]) // never fails
	return p
}

func (p *passwords) digest(user, password string) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, p.key[:])
	mac.Write([]byte(user + ":" + password)) // a user's name has no colon
	return [sha256.Size]byte(mac.Sum(nil))
}

func (p *passwords) known(users *entries, sum [sha256.Size]byte) (Caller, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of != users {
		return Caller{}, false
	}
	c, ok := p.proved[sum]
	return c, ok
}

// keep remembers a proof. Entries that were read anew begin with none.
func (p *passwords) keep(users *entries, sum [sha256.Size]byte, c Caller) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of != users || len(p.proved) >= maxProved {
		p.of, p.proved = users, map[[sha256.Size]byte]Caller{}
	}
	p.proved[sum] = c
}

// check works a password out. An unknown user costs as much time as the first known one.
func (p *passwords) check(ctx context.Context, users *entries, user, password string) (Caller, *Error) {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return Caller{}, &Error{
			Status: http.StatusServiceUnavailable, Message: "HTTP 503: too many passwords are being checked, try again", RetryAfter: time.Second,
		}
	}
	found, known := entry{hash: hash{rounds: rounds, salt: string(p.key[:saltBytes])}}, false
	if len(users.list) > 0 {
		found.hash.rounds = users.list[0].hash.rounds
	}
	for _, e := range users.list {
		if subtle.ConstantTimeCompare([]byte(e.name), []byte(user)) == 1 {
			found, known = e, true
		}
	}
	if right := found.hash.is(password); !right || !known {
		return Caller{}, nil
	}
	return Caller{found.name, found.role}, nil
}

// basic finds the user. What was proved before passes even while its address is held off for the failures of others.
func (a *Access) basic(r *http.Request) (Caller, error) {
	user, password, ok := r.BasicAuth()
	if !ok || password == "" || len(password) > maxPassword || !nameForm.MatchString(user) {
		user, password, ok = "", "", false
	}
	users := a.users.current()
	sum := a.passwords.digest(user, password)
	if c, ok := a.passwords.known(users, sum); ok {
		return c, nil
	}
	from := address(r)
	if wait := a.failures.begin(from); wait > 0 {
		return Caller{}, heldOff(wait)
	}
	c, err := a.passwords.check(r.Context(), users, user, password)
	switch {
	case err != nil:
		a.failures.forgive(from)
		return Caller{}, err
	case !ok || c.Name == "":
		return Caller{}, a.unknown(wrong)
	}
	a.failures.forgive(from)
	a.passwords.keep(users, sum, c)
	return c, nil
}

// bearer finds the token. All are compared, so that the time tells nothing of where a match stands.
func (a *Access) bearer(r *http.Request, token string) (Caller, error) {
	sum := sha256.Sum256([]byte(token))
	var found Caller
	for _, e := range a.tokens.current().list {
		if subtle.ConstantTimeCompare(sum[:], e.hash.key[:]) == 1 {
			found = Caller{e.name, e.role}
		}
	}
	if found.Name != "" && token != "" {
		return found, nil
	}
	if wait := a.failures.begin(address(r)); wait > 0 {
		return Caller{}, heldOff(wait)
	}
	return Caller{}, a.unknown(wrong)
}

func heldOff(wait time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, RetryAfter: (wait + time.Second - 1).Truncate(time.Second),
		Message: "HTTP 429: too many wrong credentials came from this address, try again later",
	}
}
