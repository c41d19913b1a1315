package forward

import (
	"bytes"
	"crypto/hmac"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// window is how far a signature's time may be off, either way.
	window = 60 * time.Second
	// maxSeen bounds the signatures that are remembered for one generation of twice the window.
	maxSeen = 16384
)

var (
	errNoKey  = &Error{http.StatusServiceUnavailable, "This worker has not read the cluster's session key yet, try again"}
	errForged = &Error{http.StatusForbidden, "The request's signature by another worker is not valid"}
	errOld    = &Error{http.StatusForbidden, "The request's signature is too old or from the future; the workers' clocks must agree within 60 s"}
	errTwice  = &Error{http.StatusForbidden, "The request was received before"}
	errMany   = &Error{http.StatusServiceUnavailable, "Too many forwarded requests at once, try again"}
)

// Verify looks for another worker's signature. signed is false without one: the caller has to be admitted as any other.
// With a valid one role is what the caller was admitted with by the worker that sent r. Otherwise err is an *Error: 403 for
// a signature that is wrong, not of this minute, for another worker or used before, 503 while no key is known.
func (f *Forwarder) Verify(r *http.Request, body []byte) (role string, signed bool, err error) {
	given := r.Header.Values(Header)
	if len(given) == 0 {
		return "", false, nil
	}
	key := f.Key()
	if len(key) == 0 {
		return "", true, errNoKey
	}
	s, err := parseSignature(given[0])
	if err != nil || len(given) > 1 {
		return "", true, errForged
	}
	c := call{method: r.Method, to: f.to(r), target: r.URL.RequestURI(), body: body}
	now := time.Now()
	if !f.keys.made(s, c, key, now) {
		return "", true, errForged
	}
	if off := now.Sub(time.UnixMilli(s.at)); off > window || off < -window {
		return "", true, errOld
	}
	if refused := f.seen.first(s.nonce, now); refused != nil {
		return "", true, refused
	}
	return s.role, true, nil
}

// to is what the sender must have called this worker.
func (f *Forwarder) to(r *http.Request) string {
	if f.URL != nil {
		return strings.TrimSuffix(f.URL(), "/")
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// keys remembers the session key before the newest: another worker may not have read that one yet.
type keys struct {
	mu               sync.Mutex
	newest, previous []byte
	changed          time.Time
}

func (k *keys) made(s signature, c call, newest []byte, now time.Time) bool {
	k.mu.Lock()
	if !bytes.Equal(k.newest, newest) {
		k.previous, k.newest, k.changed = k.newest, bytes.Clone(newest), now
	}
	previous := k.previous
	if now.Sub(k.changed) > window {
		previous = nil
	}
	k.mu.Unlock()
	if hmac.Equal(s.sum(newest, c), s.mac) {
		return true
	}
	return len(previous) > 0 && hmac.Equal(s.sum(previous, c), s.mac)
}

// seen remembers valid signatures for as long as they could be sent again. Only those who have the key can fill it.
type seen struct {
	mu          sync.Mutex
	began       time.Time
	fresh, past map[[nonceBytes]byte]bool
}

// first reports an error unless a signature is new.
func (s *seen) first(nonce [nonceBytes]byte, now time.Time) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch age := now.Sub(s.began); {
	case s.fresh == nil || age >= 4*window:
		s.fresh, s.past, s.began = map[[nonceBytes]byte]bool{}, nil, now
	case age >= 2*window:
		s.fresh, s.past, s.began = map[[nonceBytes]byte]bool{}, s.fresh, now
	}
	switch {
	case s.fresh[nonce] || s.past[nonce]:
		return errTwice
	case len(s.fresh) >= maxSeen:
		return errMany
	}
	s.fresh[nonce] = true
	return nil
}
