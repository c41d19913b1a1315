package extract

import (
	"bytes"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// read returns the raw bytes of the next value, which stands depth levels down; they are valid until the next read.
func (s *Splitter) read(depth int) ([]byte, error) {
	raw, err := s.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > s.want.MaxValue {
		return nil, errTooLong
	}
	if nestsDeeper(raw, MaxDepth-depth) {
		return nil, s.malformed("", errTooDeep)
	}
	return raw, nil
}

// skip checks the next value and forgets it, token by token, so that its length costs no memory.
func (s *Splitter) skip() error {
	depth := s.dec.StackDepth()
	for {
		if _, err := s.dec.ReadToken(); err != nil {
			return err
		}
		switch now := s.dec.StackDepth(); {
		case now <= depth:
			return nil
		case now > MaxDepth:
			return s.malformed("", errTooDeep)
		}
	}
}

// nestsDeeper reports whether the valid value raw nests deeper than most levels. Nearly every value is cleared by its
// length or by counting brackets, which is far cheaper than following them.
func nestsDeeper(raw []byte, most int) bool {
	if len(raw) <= 2*most || bytes.Count(raw, []byte{'{'})+bytes.Count(raw, []byte{'['}) <= most {
		return false
	}
	depth, text := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// gauge is the decoder's input. It takes off a byte order mark, and refuses to go on when a single value, string or
// run of white space has grown beyond max: the decoder would hold all of it.
type gauge struct {
	r    io.Reader
	dec  *jsontext.Decoder
	max  int64
	n    int64 // bytes handed to the decoder
	mark int64 // bytes of the byte order mark
	head []byte
	err  error // what r ended with while its first bytes were looked at, and whatever it failed with
}

// byteOrderMark is U+FEFF in UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// open looks at the first bytes of r.
func (g *gauge) open() error {
	var first [len(byteOrderMark)]byte
	n := 0
	for n < len(first) && g.err == nil {
		var k int
		k, g.err = g.r.Read(first[n:])
		n += k
	}
	if g.err != nil && g.err != io.EOF {
		return g.err
	}
	if string(first[:n]) == byteOrderMark {
		g.mark = int64(n)
		return nil
	}
	g.head = append(g.head, first[:n]...)
	return nil
}

// Read implements io.Reader.
func (g *gauge) Read(p []byte) (int, error) {
	if len(g.head) > 0 {
		n := copy(p, g.head)
		g.head, g.n = g.head[n:], g.n+int64(n)
		return n, nil
	}
	if g.err != nil {
		return 0, g.err
	}
	if g.n-g.dec.InputOffset() > g.max {
		return 0, errTooLong
	}
	n, err := g.r.Read(p)
	if g.n += int64(n); err != nil {
		g.err = err
	}
	return n, err
}
