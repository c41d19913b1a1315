package source

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/worker/source/inflate"
)

// readBuffer is how much is read from a connection at once.
const readBuffer = 64 << 10

// bodies are shared, and their buffers with them, so that an idle API costs none.
var bodies = sync.Pool{New: func() any {
	b := &body{}
	b.wire = counted{r: &b.source, what: "on the wire"}
	b.plain = counted{what: "after decompression"}
	b.buffer = bufio.NewReaderSize(&b.wire, readBuffer)
	return b
}}

// maxContent is how much of an answer a report shows.
const maxContent = 8 << 10

// Past freeInflate bytes a compressed answer may be at most maxRatio times what came over the wire. JSON that repeats
// itself reaches 50, a bomb 1,000.
const (
	maxRatio    = 200
	freeInflate = 16 << 20
)

// body is an answer's body as it is to be read: watched, decompressed and under its caps. Its first bytes are kept for
// a report.
type body struct {
	source watched
	wire   counted // what comes over the connection
	buffer *bufio.Reader
	plain  counted // what is read from body
	head   []byte

	splitter extract.Splitter // of what is short
}

// openBody wraps resp's body. Close it.
func openBody(resp *http.Response, w *watch, limit int64) *body {
	b := bodies.Get().(*body)
	b.source = watched{resp.Body, w}
	b.wire.n, b.wire.limit = 0, limit
	b.plain.n, b.plain.limit, b.plain.r = 0, limit, inflate.Reader(resp.Header, b.buffer)
	return b
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.next(p)
	if room := maxContent - len(b.head); room > 0 {
		b.head = append(b.head, p[:min(n, room)]...)
	}
	return n, err
}

// next is Read without a look at the head.
func (b *body) next(p []byte) (int, error) {
	n, err := b.plain.Read(p)
	if b.plain.n > freeInflate && b.plain.n > maxRatio*b.wire.n {
		return n, &tooLarge{fmt.Sprintf("after decompression, which is over %d times what was sent", maxRatio), b.plain.n}
	}
	return n, err
}

// short is the longest body that is read as a whole before it is split.
const short = 2 << 20

// begin reads the body up to that length; rest, nil when that was all, is what follows. expected is how long it should be.
func (b *body) begin(expected int64) (doc []byte, rest io.Reader) {
	defer func() {
		n := min(len(doc), maxContent)
		b.head = doc[:n:n]
	}()
	doc = make([]byte, 0, 1+min(max(expected, 1<<10), short))
	for len(doc) < short {
		n, err := b.next(doc[len(doc):cap(doc)])
		doc = doc[:len(doc)+n]
		if err == io.EOF {
			return doc, nil
		} else if err != nil {
			return doc, failing{err}
		}
		if len(doc) == cap(doc) {
			doc = slices.Grow(doc, len(doc))
		}
	}
	return doc, b
}

// failing is a reader that has failed.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Close ends the body. A connection whose body was not read to its end is closed with it.
func (b *body) Close() {
	_ = b.source.Close()
	b.buffer.Reset(&b.wire)
	b.source, b.plain.r, b.head = watched{}, nil, nil
	bodies.Put(b)
}

// readHead reads what a report shows of the body, and drains what may follow. It takes what it can get.
func (b *body) readHead() []byte {
	_, _ = io.CopyN(io.Discard, b, maxDrain)
	return b.head
}

// counted is a reader with a ceiling.
type counted struct {
	r     io.Reader
	n     int64
	limit int64
	what  string
}

// Read implements io.Reader. One byte beyond the ceiling is asked for, to tell a body that just fits.
func (c *counted) Read(p []byte) (int, error) {
	if room := c.limit - c.n + 1; int64(len(p)) > room {
		p = p[:room]
	}
	n, err := c.r.Read(p)
	if c.n += int64(n); c.n > c.limit {
		return n, &tooLarge{c.what, c.limit}
	}
	return n, err
}

// tooLarge is a body beyond a ceiling.
type tooLarge struct {
	what  string
	limit int64
}

// Error implements error.
func (e *tooLarge) Error() string {
	return fmt.Sprintf("the answer is too large: more than %d bytes %s", e.limit, e.what)
}
