package source

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/worker/source/limit"
)

// TestALimitIsForTheWholeConnector: what the API told one request, all others of the connector keep to, here and where it
// is passed on; other connectors go on.
func TestALimitIsForTheWholeConnector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told string
		elsewhere := &limit.Limits{}
		here := &limit.Limits{Tell: func(connector string, wait time.Duration) {
			told = connector + " " + wait.String()
			elsewhere.Hold(connector, wait)
		}}
		asks := func(name string, l *limit.Limits, answer string) *Client {
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
			limits *limit.Limits
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
