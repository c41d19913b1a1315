package source

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// inflate undoes the Content-Encoding that h declares. Only one coding is undone, and only those we ask for; a body in
// any other cannot be read.
func inflate(h http.Header, r *bufio.Reader) io.Reader {
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

// damaged reports whether err is compressed data that was hurt on its way: worth asking for again.
func damaged(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zlib.ErrChecksum)
}

// miscoded reports whether err is a body that is not what its Content-Encoding says, or in a coding not known.
func miscoded(err error) bool {
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, zlib.ErrHeader) ||
		errors.Is(err, errBehind) || errors.Is(err, errCoding)
}

// looksLikePage reports whether an answer is a web page rather than data.
func looksLikePage(h http.Header, head []byte) bool {
	return strings.Contains(strings.ToLower(h.Get("Content-Type")), "html") || bytes.HasPrefix(bytes.TrimSpace(head), []byte("<"))
}
