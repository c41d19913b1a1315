package source

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// kilobytes is a page of n records of about 1 KB with 20 fields.
func kilobytes(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"next":"abc","data":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"price":%d.25,"live":true,"none":null`, i, i)
		for f := range 16 {
			fmt.Fprintf(&b, `,"field_%02d":"%s"`, f, strings.Repeat("lorem ", 7))
		}
		b.WriteByte('}')
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// canned serves the same page over and over, without an allocation: what is counted is the client's.
func canned(b *testing.B, page []byte) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(page), page)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go repeat(conn, answer)
		}
	}()
	return "http://" + l.Addr().String()
}

// repeat gives the answer to every request without a body.
func repeat(conn net.Conn, answer []byte) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		for line := []byte(nil); string(line) != "\r\n"; {
			var err error
			if line, err = r.ReadSlice('\n'); err != nil {
				return
			}
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// BenchmarkFetch holds a page's way through the client beside a bare http.Get with the same tokenizer. The server runs
// in the same process and weighs on both alike. A page of one record is what a work item comes to.
func BenchmarkFetch(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		url := canned(b, kilobytes(n))
		b.Run(fmt.Sprintf("bare/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := bare(b, url); got != n {
					b.Fatal(got)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
			http.DefaultClient.CloseIdleConnections()
		})
		b.Run(fmt.Sprintf("client/%d", n), func(b *testing.B) {
			c, r := client(b, url), get(b, url)
			b.ReportAllocs()
			for b.Loop() {
				resp, err := c.Fetch(b.Context(), r)
				if err != nil || resp.Records.Len() != n {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
		})
	}
}

// bare is the least that can be done: no caps, no timeouts, no check of the document's end.
func bare(b *testing.B, url string) int {
	resp, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	dec := jsontext.NewDecoder(resp.Body, jsontext.AllowDuplicateNames(true))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			b.Fatal(err)
		}
		if token.Kind() == '"' && token.String() == "data" {
			break
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		b.Fatal(err)
	}
	var records [][]byte
	for dec.PeekKind() != ']' {
		raw, err := dec.ReadValue()
		if err != nil {
			b.Fatal(err)
		}
		records = append(records, bytes.Clone(raw))
	}
	for range 2 {
		if _, err := dec.ReadToken(); err != nil {
			b.Fatal(err)
		}
	}
	_, _ = dec.ReadToken() // the end, so that the connection is kept
	return len(records)
}
