// Package inflate undoes the content codings of answers.
package inflate

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Reader undoes the Content-Encoding that h declares. Only one coding is undone, and only those we ask for (gzip, deflate);
// a body in any other cannot be read.
func Reader(h http.Header, r *bufio.Reader) io.Reader {
	if len(h["Content-Encoding"]) == 0 {
		return r
	}
	switch coding := strings.ToLower(strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ", "))); coding {
	case "", "identity":
		return r
	case "gzip", "x-gzip":
		return &inflater{source: r, open: openGzip}
	case "deflate":
		return &inflater{source: r, open: openDeflate}
	default:
		err := fmt.Errorf("the answer's Content-Encoding %q: %w", coding, errCoding)
		return &inflater{source: r, open: func(*bufio.Reader) (io.Reader, error) { return nil, err }}
	}
}

// inflater decompresses once it is read from, and accepts nothing behind the compressed data.
type inflater struct {
	source *bufio.Reader
	open   func(*bufio.Reader) (io.Reader, error)
	plain  io.Reader
}

// Read implements io.Reader. A body of no bytes at all is empty, whatever its coding.
func (i *inflater) Read(p []byte) (int, error) {
	if i.plain == nil {
		if _, err := i.source.Peek(1); err != nil {
			return 0, err
		}
		plain, err := i.open(i.source)
		if err != nil {
			return 0, cutShort(err)
		}
		i.plain = plain
	}
	n, err := i.plain.Read(p)
	if err == io.EOF {
		err = i.end()
	}
	return n, err
}

// end makes sure that the connection has nothing more to say. It also finds out whether the body came whole.
func (i *inflater) end() error {
	if _, err := i.source.ReadByte(); err != nil {
		return err
	}
	return errBehind
}

var (
	errBehind = errors.New("more data follows the compressed body")
	errCoding = errors.New("only gzip and deflate are understood")
)

func openGzip(r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) }

// openDeflate takes both what the standard means by deflate (zlib) and what some servers send (bare flate).
func openDeflate(r *bufio.Reader) (io.Reader, error) {
	head, err := r.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(r)
	}
	return bareFlate{flate.NewReader(r)}, nil
}

// bareFlate drops flate's Close.
type bareFlate struct{ io.Reader }

// cutShort tells a header that broke off from an end.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Damaged reports whether err is compressed data that was hurt on its way: worth asking for again.
func Damaged(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zlib.ErrChecksum)
}

// Miscoded reports whether err is a body that is not what its Content-Encoding says, or in a coding not known.
func Miscoded(err error) bool {
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, zlib.ErrHeader) ||
		errors.Is(err, errBehind) || errors.Is(err, errCoding)
}
