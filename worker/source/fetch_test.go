package source

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// pipes is a network in memory: every connection goes to play. It works inside a synctest bubble, where time is ours.
func pipes(play func(n int, c net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	n := -1
	return func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		n++
		go func(n int) {
			defer there.Close()
			if _, err := http.ReadRequest(bufio.NewReader(there)); err == nil {
				play(n, there)
			}
		}(n)
		return here, nil
	}
}

// status is an answer with this code and closing the connection.
func status(code int, headers ...string) string {
	return fmt.Sprintf("HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: 4\r\n%s\r\noops", code, strings.Join(append(headers, ""), "\r\n"))
}

// TestRetryTimes measures, on a clock of its own, when each attempt is made.
func TestRetryTimes(t *testing.T) {
	tests := map[string]struct {
		answer string
		api    connector.API
		waits  string
	}{
		"Constant":        {status(503), connector.API{MaxRetries: 3, BackoffBase: 2 * time.Second, Backoff: connector.ConstantValue}, "2s 2s 2s"},
		"RetryAfter":      {status(503, "Retry-After: 7"), connector.API{MaxRetries: 2, BackoffBase: time.Second, Backoff: connector.ConstantValue}, "7s 7s"},
		"RetryAfterShort": {status(429, "Retry-After: 1"), connector.API{MaxRetries: 1, BackoffBase: 3 * time.Second, Backoff: connector.ConstantValue}, "3s"},
		"RetryAfterHuge":  {status(429, "Retry-After: 1000000000"), connector.API{MaxRetries: 1, BackoffBase: time.Second}, "10m0s"},
		"RetryAfterDate":  {status(429, "Retry-After: Sat, 01 Jan 2000 00:00:30 GMT"), connector.API{MaxRetries: 1, BackoffBase: time.Second}, "30s"},
		"NotFor500":       {status(500, "Retry-After: 60"), connector.API{MaxRetries: 1, BackoffBase: time.Second, Backoff: connector.ConstantValue}, "1s"},
		"NotRetried":      {status(404), connector.API{MaxRetries: 5, BackoffBase: time.Second, RetryOn: connector.StatusRanges{{From: 500, To: 599}}}, ""},
		"AlwaysRetried":   {status(401), connector.API{MaxRetries: 1, BackoffBase: time.Second, Backoff: connector.ConstantValue, RetryOn: connector.StatusRanges{{From: 500, To: 599}}}, "1s"},
		"NoRetries":       {status(503), connector.API{BackoffBase: time.Second}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var waits []string
				last := time.Now()
				if test.api.RetryOn == nil {
					test.api.RetryOn = connector.StatusRanges{{From: 400, To: 999}}
				}
				c := client(t, "http://api", func(s *setting) {
					s.api = test.api
					s.Dial = pipes(func(n int, conn net.Conn) {
						if n > 0 {
							waits = append(waits, time.Since(last).String())
						}
						last = time.Now()
						_, _ = io.WriteString(conn, test.answer)
					})
				})
				r, err := c.Fetch(t.Context(), get(t, "http://api/x"))
				e := failed(t, r, err)
				if got := strings.Join(waits, " "); got != test.waits {
					t.Errorf("waited %s, want %s", got, test.waits)
				}
				if e.Kind != fault.Permanent || *e.Report.ResponseContent != "oops" {
					t.Errorf("%+v", e.Report)
				}
			})
		})
	}
}

// TestWhatIsWaitedFor: who asks can say at any moment why there is no answer yet, and a secret is in none of it.
func TestWhatIsWaitedFor(t *testing.T) {
	for code, why := range map[int]string{503: "retry: the API answered 503 X", 429: "rate limit: the API answered 429 X"} {
		synctest.Test(t, func(t *testing.T) {
			var waits []string
			began := time.Now()
			c := client(t, "http://api", func(s *setting) {
				s.api = connector.API{MaxRetries: 1, BackoffBase: 2 * time.Second, RetryOn: connector.StatusRanges{{From: 503, To: 503}}, Backoff: connector.ConstantValue}
				s.waits = func(what string, until time.Time) {
					if !until.IsZero() {
						what += " " + until.Sub(began).String()
					}
					waits = append(waits, what)
				}
				s.Dial = pipes(func(_ int, conn net.Conn) { _, _ = io.WriteString(conn, status(code)) })
			})
			_, err := c.Fetch(t.Context(), get(t, "http://api/x"))
			if want := "response, " + why + " 2s, response"; err == nil || strings.Join(waits, ", ") != want {
				t.Errorf("%v, %v, want %s", err, waits, want)
			}
		})
	}
}

// TestJitterTimes: growing waits stay between the doubled base and a quarter more.
func TestJitterTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		last := time.Now()
		want := time.Second
		c := client(t, "http://api", func(s *setting) {
			s.api = connector.API{MaxRetries: 5, BackoffBase: time.Second, Backoff: connector.ExponentialWithJitter}
			s.Dial = pipes(func(n int, _ net.Conn) {
				if wait := time.Since(last); n > 0 && (wait < want || wait > want*5/4) {
					t.Errorf("wait %d was %v, want %v and up to a quarter more", n, wait, want)
				} else if n > 0 {
					want *= 2
				}
				last = time.Now()
			})
		})
		_, err := c.Fetch(t.Context(), get(t, "http://api/x"))
		if err == nil || want != 32*time.Second {
			t.Errorf("%v, %v", err, want)
		}
	})
}

// TestTimeouts measures each ceiling on a clock of its own.
func TestTimeouts(t *testing.T) {
	drip := func(_ int, c net.Conn) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n[")
		for err == nil {
			time.Sleep(9 * time.Second)
			_, err = io.WriteString(c, "1,")
		}
	}
	tests := map[string]struct {
		dial     func(context.Context, string, string) (net.Conn, error)
		took     time.Duration
		property string
	}{
		"Connecting": {func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }, 5 * time.Second, "http.connect.timeout.ms"},
		"Headers":    {pipes(func(_ int, c net.Conn) { hang(c) }), 10 * time.Second, "http.request.timeout.ms"},
		"Body":       {pipes(func(_ int, c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n["); hang(c) }), 10 * time.Second, "http.request.timeout.ms"},
		"ErrorBody":  {pipes(func(_ int, c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 500 X\r\n\r\noops"); hang(c) }), 10 * time.Second, ""},
		"Whole":      {pipes(drip), time.Hour, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, "http://api", func(s *setting) {
					s.api.ConnectTimeout, s.api.RequestTimeout, s.Dial = 5*time.Second, 10*time.Second, test.dial
				})
				begin := time.Now()
				r, err := c.Fetch(t.Context(), get(t, "http://api/x"))
				e := failed(t, r, err)
				took := time.Since(begin)
				time.Sleep(time.Minute) // virtual: the server at the other end of the pipe notices
				if took != test.took {
					t.Errorf("took %v, want %v: %v", took, test.took, e)
				}
				if !strings.Contains(e.Hint, test.property) {
					t.Errorf("%v does not name %s", e, test.property)
				}
			})
		})
	}
}

// TestHandshakeStalls: the connect timeout covers TLS.
func TestHandshakeStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, "https://api", func(s *setting) {
			s.api.ConnectTimeout = 5 * time.Second
			s.Dial = func(context.Context, string, string) (net.Conn, error) {
				here, there := net.Pipe()
				go func() { hang(there); _ = there.Close() }()
				return here, nil
			}
		})
		begin := time.Now()
		r, err := c.Fetch(t.Context(), get(t, "https://api/x"))
		e := failed(t, r, err)
		if took := time.Since(begin); took != 5*time.Second || !strings.Contains(e.Hint, "http.connect.timeout.ms") {
			t.Errorf("%v: %v", took, e)
		}
	})
}

// TestReport holds the report of a refused request against what the error topic is to show.
func TestReport(t *testing.T) {
	long := strings.Repeat("é", maxContent)
	s := serve(t, answer(404, `{"message":"`+long))
	base := strings.Replace(s.URL, "//", "//u:"+canary+"@", 1)
	r := get(t, base+"/x?token="+canary+"&page=2")
	r.Method, r.Body = http.MethodPost, []byte(`{"q":"`+canary+`"}`)
	r.Header = []poll.Header{{Name: "X-Key", Value: canary, Secret: true}}
	resp, err := client(t, base).Fetch(t.Context(), r)
	e := failed(t, resp, err)
	p := e.Report
	if *p.Status != 404 || *p.Reason != "Not Found" || p.Exception != nil || p.URL != s.URL+"/x?token=***&page=2" || *p.Payload != `{"q":"***"}` {
		t.Errorf("%+v", p)
	}
	if n := len(*p.ResponseContent); n > maxContent || n < maxContent-1 || strings.ContainsRune(*p.ResponseContent, '\uFFFD') {
		t.Errorf("content of %d bytes ends in %q", n, (*p.ResponseContent)[n-4:])
	}
	if !strings.Contains(p.Message, "the API answered 404 Not Found (check http.api.base.url") {
		t.Error(p.Message)
	}
	if e.Op != "POST "+p.URL {
		t.Error(e.Op)
	}
}

// TestEchoedSecrets: an API that sends our credentials back does not get them into reports, errors or logs.
func TestEchoedSecrets(t *testing.T) {
	for kind, arm := range authKinds() {
		t.Run(kind, func(t *testing.T) {
			var log strings.Builder
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(500)
				_ = r.Header.Write(w)
			})
			r := get(t, s.URL)
			c := client(t, s.URL, func(s *setting) {
				s.Log, s.api.MaxRetries = loggerTo(&log), 1
				arm(s, &r)
			})
			var kept []poll.Header
			for _, h := range r.Header {
				if h.Secret {
					kept = append(kept, h)
				}
			}
			r.Header = kept
			resp, err := c.Fetch(t.Context(), r)
			e := failed(t, resp, err)
			demandClean(t, strings.ReplaceAll(fmt.Sprintf("%v %v %s %s", e, *e.Report, *e.Report.ResponseContent, log.String()), "Referer", ""))
		})
	}
}
