package source

import (
	"bytes"
	"fmt"
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

// BenchmarkFetch holds a page's way through the client beside a bare http.Get with the same tokenizer. The server runs
// in the same process and weighs on both alike.
func BenchmarkFetch(b *testing.B) {
	for _, n := range []int{100, 1000} {
		page := kilobytes(n)
		s := serve(b, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(page)))
			_, _ = w.Write(page)
		})
		b.Run(fmt.Sprintf("bare/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := bare(b, s.URL); got != n {
					b.Fatal(got)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
			http.DefaultClient.CloseIdleConnections()
		})
		b.Run(fmt.Sprintf("client/%d", n), func(b *testing.B) {
			c, r := client(b, s.URL), get(b, s.URL)
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
