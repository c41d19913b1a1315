package source

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/internal/connector"
)

// TestALimitIsForTheWholeConnector: what the API told one request, all others of the connector keep to, here and where it
// is passed on; other connectors go on.
func TestALimitIsForTheWholeConnector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told string
		elsewhere := &Limits{}
		here := &Limits{Tell: func(connector string, wait time.Duration) {
			told = connector + " " + wait.String()
			elsewhere.Hold(connector, wait)
		}}
		asks := func(name string, l *Limits, answer string) *Client {
			return client(t, "http://api", func(s *setting) {
				s.Config.Connector.Name, s.Limits, s.api = name, l, connector.API{}
				s.Dial = pipes(func(_ int, conn net.Conn) { _, _ = io.WriteString(conn, answer) })
			})
		}
		page := "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
		began := time.Now()
		_, err := asks("c", here, status(429, "Retry-After: 7")).Fetch(t.Context(), get(t, "http://api/x"))
		if err == nil {
			t.Fatal("429 is no failure")
		}
		for _, who := range []struct {
			name   string
			limits *Limits
			after  time.Duration
		}{{"other", here, 0}, {"c", elsewhere, 7 * time.Second}, {"c", here, 7 * time.Second}, {"c", nil, 7 * time.Second}} {
			_, _ = asks(who.name, who.limits, page).Fetch(t.Context(), get(t, "http://api/x"))
			if took := time.Since(began); took != who.after {
				t.Errorf("%s was asked after %s, not after %s", who.name, took, who.after)
			}
		}
		if told != "c 7s" {
			t.Errorf("told %q", told)
		}
	})
}

// TestALimitHasACeiling: what another worker says is bounded as what the API says, and a shorter one shortens nothing.
func TestALimitHasACeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limits{}
		l.Hold("c", 1<<62)
		l.Hold("c", time.Second)
		l.Hold("c", -time.Hour)
		if left := time.Until(l.held("c")); left != maxHold {
			t.Errorf("held for %s", left)
		}
		time.Sleep(maxHold)
		if !l.held("c").IsZero() || len(l.until) != 0 {
			t.Error("held for ever")
		}
	})
}
