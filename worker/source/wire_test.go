package source

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/fault"
)

// script is a server that answers the n-th connection, counted from 0, with bytes of its own. It reads the request's
// headers first and closes the connection when play returns.
func script(t *testing.T, play func(n int, c net.Conn)) (url string, connections *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connections = new(atomic.Int64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n := int(connections.Add(1)) - 1
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				play(n, conn)
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String(), connections
}

// say writes text as it is.
func say(text string) func(int, net.Conn) {
	return func(_ int, c net.Conn) { _, _ = io.WriteString(c, text) }
}

// reset ends a connection with a TCP reset.
func reset(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }

// hang waits until the other side gives up.
func hang(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

const ok = "HTTP/1.1 200 OK\r\n"

// TestBrokenAnswers: whatever a server does to an answer's frame, it ends in an error with status code -1 that was
// retried, never in a page that is too short.
func TestBrokenAnswers(t *testing.T) {
	tests := map[string]func(int, net.Conn){
		"NothingAtAll":        func(int, net.Conn) {},
		"Garbage":             say("hello"),
		"ResetAtOnce":         func(_ int, c net.Conn) { reset(c) },
		"HeadersCut":          say("HTTP/1.1 200 OK\r\nContent-Le"),
		"LengthTooBig":        say(ok + "Content-Length: 20\r\n\r\n{\"data\":[1]}"),
		"LengthTooBigEmpty":   say(ok + "Content-Length: 2\r\n\r\n"),
		"LengthTooSmall":      say(ok + "Content-Length: 11\r\n\r\n{\"data\":[1]}"),
		"LengthNegative":      say(ok + "Content-Length: -1\r\n\r\n{\"data\":[1]}"),
		"LengthTwice":         say(ok + "Content-Length: 12\r\nContent-Length: 13\r\n\r\n{\"data\":[1]}"),
		"ClosedInside":        say(ok + "\r\n{\"data\":[1,2"),
		"ChunkCut":            say(ok + "Transfer-Encoding: chunked\r\n\r\nff\r\n{\"data\":[1]}"),
		"LastChunkMissing":    say(ok + "Transfer-Encoding: chunked\r\n\r\nc\r\n{\"data\":[1]}\r\n"),
		"ChunkSizeGarbage":    say(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{\"data\":[1]}"),
		"ChunkSizeHuge":       say(ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("f", 20) + "\r\n{}"),
		"ResetInside":         func(n int, c net.Conn) { say(ok+"Content-Length: 99\r\n\r\n{\"data\":[")(n, c); reset(c) },
		"GzipCut":             say(ok + "Content-Encoding: gzip\r\n\r\n" + zipped(`{"data":[1]}`)[:20]),
		"GzipHeaderCut":       say(ok + "Content-Encoding: gzip\r\n\r\n\x1f\x8b"),
		"GzipWithoutChecksum": say(ok + "Content-Encoding: gzip\r\n\r\n" + zipped(`{"data":[1]}`)[:len(zipped(`{"data":[1]}`))-8]),
		"GzipBadChecksum":     say(ok + "Content-Encoding: gzip\r\n\r\n" + flip(zipped(`{"data":[1]}`), -6)),
		"HeaderTooLong":       say(ok + "X: " + strings.Repeat("x", maxHeaderBytes+5000) + "\r\n\r\n{}"),
		"ManyHeaders":         say(ok + strings.Repeat("Set-Cookie: a=b\r\n", 20000) + "\r\n{}"),
		"EndlessEarlyHints":   say(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000)),
	}
	for name, play := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, connections := script(t, play)
			r, err := client(t, url, func(s *setting) { s.api.MaxRetries = 2 }).Fetch(t.Context(), get(t, url))
			e := failed(t, r, err)
			if e.Kind != fault.Permanent || e.Report == nil || e.Report.Status == nil || *e.Report.Status != -1 {
				t.Fatalf("%+v %+v", e, e.Report)
			}
			if e.Report.Exception == nil || e.Report.ResponseContent != nil || e.Report.Reason != nil {
				t.Errorf("%+v", e.Report)
			}
			if n := connections.Load(); n != 3 {
				t.Errorf("%d connections, want 3", n)
			}
			t.Log(e)
		})
	}
}

// TestHealsOnRetry: a page that broke off is asked for again and then comes once, whole.
func TestHealsOnRetry(t *testing.T) {
	url, _ := script(t, func(n int, c net.Conn) {
		if n < 2 {
			say(ok+"Content-Length: 99\r\n\r\n{\"data\":[1,2,3")(n, c)
			return
		}
		say(ok+"Content-Length: 16\r\n\r\n{\"data\":[1,2,3]}")(n, c)
	})
	r, err := client(t, url, func(s *setting) { s.api.MaxRetries = 2 }).Fetch(t.Context(), get(t, url))
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(t, r.Records); len(got) != 3 {
		t.Errorf("%q", got)
	}
}

// TestStandsStill: every kind of silence ends by the timeout that it belongs to, and says which.
func TestStandsStill(t *testing.T) {
	const short = 60 * time.Millisecond
	slowly := func(c net.Conn, text string, pause time.Duration) {
		for i := range text {
			if _, err := io.WriteString(c, text[i:i+1]); err != nil {
				return
			}
			time.Sleep(pause) // the server's manner, not a synchronisation
		}
	}
	tests := map[string]func(int, net.Conn){
		"NeverAnswers": func(_ int, c net.Conn) { hang(c) },
		"HeadersOnly":  func(n int, c net.Conn) { say(ok+"Content-Length: 20\r\n\r\n")(n, c); hang(c) },
		"HalfABody":    func(n int, c net.Conn) { say(ok+"\r\n{\"data\":[1,")(n, c); hang(c) },
		"HeadersDrip":  func(_ int, c net.Conn) { slowly(c, ok+"X: "+strings.Repeat("x", 200), 5*time.Millisecond) },
	}
	for name, play := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := script(t, play)
			c := client(t, url, func(s *setting) { s.api.RequestTimeout = short })
			r, err := c.Fetch(t.Context(), get(t, url))
			e := failed(t, r, err)
			if !strings.Contains(e.Hint, "http.request.timeout.ms") || *e.Report.Status != -1 {
				t.Errorf("%v", e)
			}
		})
	}
}

func TestCannotConnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := "http://" + l.Addr().String()
	_ = l.Close()
	tests := map[string]struct{ base, want string }{
		"Refused":  {refusing, "refused"},
		"NoName":   {"http://no-such-host.invalid", "no-such-host.invalid"},
		"Metadata": {"http://169.254.169.254", "metadata addresses are refused"},
		"Mapped":   {"http://[::ffff:169.254.169.254]/latest", "metadata addresses are refused"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := client(t, test.base, func(s *setting) { s.api.MaxRetries = 2 })
			r, err := c.Fetch(t.Context(), get(t, test.base))
			e := failed(t, r, err)
			if final := strings.Contains(test.want, "metadata"); strings.Contains(e.Error(), "after 2 retries") == final {
				t.Errorf("final %v: %v", final, e)
			}
			if !strings.Contains(e.Error(), test.want) || *e.Report.Status != -1 || e.Report.Exception == nil {
				t.Errorf("%v; %+v", e, e.Report)
			}
		})
	}
}

// TestStaleConnection: a kept connection that the server closed meanwhile costs nothing, not even a retry.
func TestStaleConnection(t *testing.T) {
	url, connections := script(t, say(ok+"Content-Length: 2\r\n\r\n[]"))
	c := client(t, url)
	for range 5 {
		if _, err := c.Fetch(t.Context(), get(t, url)); err != nil {
			t.Fatal(err)
		}
	}
	if connections.Load() != 5 {
		t.Errorf("%d connections", connections.Load())
	}
}

// TestEndsWithContext: the caller's end is told apart from the API's failure.
func TestEndsWithContext(t *testing.T) {
	tests := map[string]struct {
		play    func(int, net.Conn)
		retries int
	}{
		"WaitingForHeaders": {func(_ int, c net.Conn) { hang(c) }, 0},
		"InsideABody":       {func(n int, c net.Conn) { say(ok+"\r\n[1,")(n, c); hang(c) }, 0},
		"BetweenRetries":    {say(""), 9},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := contextAfter(t, 50*time.Millisecond)
			defer cancel()
			url, _ := script(t, test.play)
			c := client(t, url, func(s *setting) { s.api.MaxRetries, s.api.BackoffBase = test.retries, time.Hour })
			r, err := c.Fetch(ctx, get(t, url))
			e := failed(t, r, err)
			if e.Kind != fault.Retriable || e.Report != nil || !errors.Is(err, ctx.Err()) {
				t.Errorf("%v, %+v", e.Kind, e)
			}
		})
	}
}

// flip changes one byte, counted from the end.
func flip(s string, at int) string {
	b := []byte(s)
	b[len(b)+at] ^= 0xff
	return string(b)
}

// TestScriptSays checks that a good script is good, so that the broken ones are broken by their faults.
func TestScriptSays(t *testing.T) {
	body := `{"data":[1]}`
	for name, text := range map[string]string{
		"Length":  ok + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body),
		"Chunked": ok + "Transfer-Encoding: chunked\r\n\r\nc\r\n" + body + "\r\n0\r\n\r\n",
		"Closed":  ok + "\r\n" + body,
		"BareLF":  "HTTP/1.1 200 OK\n\n" + body,
		"Gzip":    ok + "Content-Encoding: gzip\r\n\r\n" + zipped(body),
		"Early":   "HTTP/1.1 103 Early Hints\r\n\r\n" + ok + "\r\n" + body,
	} {
		url, _ := script(t, say(text))
		r, err := client(t, url).Fetch(t.Context(), get(t, url))
		if err != nil || r.Records.Len() != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
