package extract

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// page is a page of n records of about 1 KB with 20 fields, {"meta":...,"data":[...],"next":"..."}.
func page(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"meta":{"total":200000},"data":[`)
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
	b.WriteString(`],"next":"abc"}`)
	return b.Bytes()
}

// reader hides what else a bytes.Reader can do.
type reader struct{ io.Reader }

// BenchmarkSplit holds Split beside the least that can be done with the same tokenizer: it should cost at most 1.15
// times as much.
func BenchmarkSplit(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		doc := page(n)
		b.Run(fmt.Sprintf("bare/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				bare(b, doc, n)
			}
		})
		want := Wanted{Data: pointers(b, "/data")[0], Root: pointers(b, "/next")}
		b.Run(fmt.Sprintf("split/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				var records [][]byte
				_, err := Split(reader{bytes.NewReader(doc)}, want, func(raw []byte) error {
					records = append(records, bytes.Clone(raw))
					return nil
				})
				if err != nil || len(records) != n {
					b.Fatal(len(records), err)
				}
			}
		})
		b.Run(fmt.Sprintf("bytes/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				var records [][]byte
				_, err := SplitBytes(doc, want, func(raw []byte) error {
					records = append(records, raw)
					return nil
				})
				if err != nil || len(records) != n {
					b.Fatal(len(records), err)
				}
			}
		})
	}
}

// bare splits without checking anything that the tokenizer does not.
func bare(b *testing.B, doc []byte, n int) {
	dec := jsontext.NewDecoder(reader{bytes.NewReader(doc)}, jsontext.AllowDuplicateNames(true))
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
	if len(records) != n {
		b.Fatal(len(records))
	}
}
