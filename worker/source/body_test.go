package source

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// contextAfter is a context that is cancelled after d.
func contextAfter(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	timer := time.AfterFunc(d, cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

// compressed is text through a compressor.
func compressed(text string, open func(io.Writer) io.WriteCloser) string {
	var out bytes.Buffer
	w := open(&out)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return out.String()
}

func zipped(text string) string {
	return compressed(text, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func zlibbed(text string) string {
	return compressed(text, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
}

func flated(text string) string {
	return compressed(text, func(w io.Writer) io.WriteCloser {
		f, _ := flate.NewWriter(w, flate.DefaultCompression)
		return f
	})
}

func TestDecompression(t *testing.T) {
	page := `{"data":[` + strings.Repeat(`{"id":1},`, 999) + `{"id":1}]}`
	tests := map[string]struct{ coding, body string }{
		"Gzip":        {"gzip", zipped(page)},
		"GzipUpper":   {"GZip", zipped(page)},
		"XGzip":       {"x-gzip", zipped(page)},
		"GzipMembers": {"gzip", zipped(page[:50]) + zipped(page[50:])},
		"Zlib":        {"deflate", zlibbed(page)},
		"BareFlate":   {"deflate", flated(page)},
		"Identity":    {"identity", page},
		"EmptyGzip":   {"gzip", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, answer(200, test.body, "Content-Encoding", test.coding))
			r, err := client(t, s.URL).Fetch(t.Context(), get(t, s.URL))
			if err != nil {
				t.Fatal(err)
			}
			if n := r.Records.Len(); n != 1000 && test.body != "" || test.body != "" && r.Bytes != int64(len(page)) {
				t.Errorf("%d records, %d bytes", n, r.Bytes)
			}
		})
	}
}

// TestUnusable: a complete 2xx answer that cannot be read is not asked for again, has no status code and shows itself.
func TestUnusable(t *testing.T) {
	page := `{"data":[1]}`
	tests := map[string]struct {
		body, want string
		headers    []string
	}{
		"InvalidJSON":      {`{"data":[1}`, "invalid JSON at byte 10", nil},
		"LoginPage":        {"<!DOCTYPE html><form>", "looks like a web page", []string{"Content-Type", "text/html"}},
		"PageWithoutType":  {"\n <html>", "looks like a web page", []string{"Content-Type", "application/json"}},
		"SecondDocument":   {page + page, "more data follows", nil},
		"InvalidUTF8":      {"{\"data\":[\"\xff\"]}", "UTF-8", nil},
		"Charset":          {page, `charset is "iso-8859-1"`, []string{"Content-Type", "application/json; charset=ISO-8859-1"}},
		"Brotli":           {page, `Content-Encoding "br"`, []string{"Content-Encoding", "br"}},
		"TwoCodings":       {page, `Content-Encoding "gzip, gzip"`, []string{"Content-Encoding", "gzip", "Content-Encoding", "gzip"}},
		"NotGzip":          {page, "gzip: invalid header", []string{"Content-Encoding", "gzip"}},
		"BehindGzip":       {zipped(page) + "garbage beyond", "gzip: invalid header", []string{"Content-Encoding", "gzip"}},
		"BehindZlib":       {zlibbed(page) + "x", "more data follows the compressed body", []string{"Content-Encoding", "deflate"}},
		"TooLarge":         {`{"data":["` + strings.Repeat("x", 100_000) + `"]}`, "more than 100000 bytes", nil},
		"TooLargeInflated": {zipped(`{"data":["` + strings.Repeat("x", 100_000) + `"]}`), "more than 100000 bytes after decompression", []string{"Content-Encoding", "gzip"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := 0
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n++
				answer(200, test.body, test.headers...)(w, r)
			})
			c := client(t, s.URL, func(s *setting) { s.api.MaxRetries, s.MaxPage = 5, 100_000 })
			r, err := c.Fetch(t.Context(), get(t, s.URL))
			e := failed(t, r, err)
			if !strings.Contains(e.Error(), test.want) || n != 1 {
				t.Errorf("%v; %d requests", e, n)
			}
			p := e.Report
			if p.Status != nil || *p.Reason != "OK" || p.Exception == nil || !strings.Contains(p.Message, test.want) {
				t.Errorf("%+v", p)
			}
			if len(test.headers) == 0 && (len(*p.ResponseContent) == 0 || len(*p.ResponseContent) > maxContent) {
				t.Errorf("content %q", *p.ResponseContent)
			}
		})
	}
}

// TestCapIsExact: a page of just the greatest size is taken.
func TestCapIsExact(t *testing.T) {
	page := `{"data":["` + strings.Repeat("x", 1000) + `"]}`
	s := serve(t, answer(200, page))
	for over, good := range map[int64]bool{-1: false, 0: true, 1: true} {
		c := client(t, s.URL, func(s *setting) { s.MaxPage = int64(len(page)) + over })
		if _, err := c.Fetch(t.Context(), get(t, s.URL)); (err == nil) != good {
			t.Errorf("cap %+d: %v", over, err)
		}
	}
}

// TestBomb: a small body that inflates without end is cut by its ratio, long before the cap.
func TestBomb(t *testing.T) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = io.WriteString(w, `{"data":[`)
	blank := bytes.Repeat([]byte(`"`+strings.Repeat("x", 1021)+`",`), 1<<10)
	for range 48 {
		_, _ = w.Write(blank)
	}
	_ = w.Close()
	s := serve(t, answer(200, out.String(), "Content-Encoding", "gzip"))
	r, err := client(t, s.URL).Fetch(t.Context(), get(t, s.URL))
	if e := failed(t, r, err); !strings.Contains(e.Error(), "200 times") {
		t.Error(e)
	}
}

// TestEmptyBlocks: compressed data that never yields a byte ends at the cap on the wire.
func TestEmptyBlocks(t *testing.T) {
	head := zipped("")[:10]
	block := strings.Repeat("\x00\x00\x00\xff\xff", 1<<13) // stored blocks of length 0
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, err := io.WriteString(w, head)
		for err == nil {
			_, err = io.WriteString(w, block)
		}
	})
	r, err := client(t, s.URL, func(s *setting) { s.MaxPage = 1 << 20 }).Fetch(t.Context(), get(t, s.URL))
	if e := failed(t, r, err); !strings.Contains(e.Error(), "on the wire") {
		t.Error(e)
	}
}
