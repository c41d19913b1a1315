package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// The greatest number of requests worked on at once. Probes have their own, so that a flood of calls does not make a
// healthy worker look dead.
const (
	maxCalls  = 64
	maxProbes = 16
)

// gate lets as many in as it has room for.
type gate chan struct{}

func (g gate) enter() bool {
	select {
	case g <- struct{}{}:
		return true
	default:
		return false
	}
}

func (g gate) leave() { <-g }

// drain returns when all who entered have left, or with an error when ctx ends first.
func (g gate) drain(ctx context.Context) error {
	var held int
	defer func() {
		for range held {
			g.leave()
		}
	}()
	for ; held < cap(g); held++ {
		select {
		case g <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("wait for the requests under way: %w", ctx.Err())
		}
	}
	return nil
}

// guard is what every request passes first: it must come from this machine by its own name, not from a page of
// another site in someone's browser.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch origin := r.Header.Get("Origin"); {
		case !s.at.Local(r.Host):
			fail(w, &Error{http.StatusForbidden, "HTTP 403: the Host header does not name this worker"})
		case origin != "" && !sameHost(origin, r.Host), r.Header.Get("Sec-Fetch-Site") == "cross-site":
			fail(w, &Error{http.StatusForbidden, "HTTP 403: requests from pages of other sites are refused"})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}
