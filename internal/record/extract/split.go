package extract

import (
	"bytes"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/record"
)

// MaxDepth is how deeply a document may nest. Deeper ones are refused, so that nobody behind the splitter has to guard
// a recursion.
const MaxDepth = 512

// DefaultMaxValue is the longest single value that a split keeps, a record or a wanted one, unless told otherwise.
const DefaultMaxValue = 16 << 20

// Wanted says what Split takes out of a document.
type Wanted struct {
	// Data is where the records are: the elements of an array, or the one value that is no array. The zero value is
	// the whole document.
	Data Pointer
	// Root lists single values to keep, wherever they stand: before the records, behind them or inside them.
	Root []Pointer
	// MaxValue is the greatest length in bytes of a record, of a kept value and of any single string or run of white
	// space. Defaults to DefaultMaxValue.
	MaxValue int64
}

// Found is what a split came to.
type Found struct {
	// Data tells a null or missing value at Wanted.Data (false) from an empty array (true).
	Data bool
	// Records is the number of records handed out.
	Records int
	// Root holds the raw JSON of each wanted value that is there, by its pointer's text.
	Root map[string]record.Value
}

// Split reads one JSON document from r to its very end and hands the raw bytes of each record to emit, in order, as
// soon as they are complete. The bytes are as the API wrote them, numbers to the last digit; they are valid only until
// emit returns.
//
// The whole document is checked, also where nothing is wanted: it must be UTF-8, be closed, nest no deeper than
// MaxDepth and have nothing but white space behind it. A byte order mark in front is taken. A body of nothing but white
// space is no document and no error: it has no records. Names repeated inside a record are left to the schema step;
// one that makes a pointer ambiguous is refused.
//
// Records handed out before an error are worth nothing: the caller drops them. Errors are
//   - a *Malformed for a document that breaks these rules,
//   - an error that matches io.ErrUnexpectedEOF for one that is cut short,
//   - what r or emit returned, wrapped.
func Split(r io.Reader, want Wanted, emit func(raw []byte) error) (Found, error) {
	s := &Splitter{}
	s.begin(&s.in, want, emit)
	s.in.r = r
	if err := s.in.open(); err != nil {
		return Found{}, s.explain(err)
	}
	return s.split()
}

// Split is the function Split of a document that is in memory already. What emit is given is a part of doc, and stays
// valid. Nothing has to be held back there, so of what is skipped no length is refused.
func (s *Splitter) Split(doc []byte, want Wanted, emit func(raw []byte) error) (Found, error) {
	plain := bytes.TrimPrefix(doc, []byte(byteOrderMark))
	s.open(plain, want, emit)
	defer s.release()
	s.in.mark = int64(len(doc) - len(plain))
	return s.split()
}

func (s *Splitter) split() (Found, error) {
	blank, err := s.start()
	if err == nil && !blank {
		err = s.document()
	}
	if err != nil {
		return Found{}, s.explain(err)
	}
	return *s.found, nil
}

// repeats leaves repeated names to the walk.
var repeats = jsontext.AllowDuplicateNames(true)

// begin takes up a document; in is s.in, or s.doc where it is in memory.
func (s *Splitter) begin(in io.Reader, want Wanted, emit func(raw []byte) error) {
	if s.in.dec == nil {
		s.in.dec = &s.dec
		s.dec.Reset(in, repeats)
	}
	if want.MaxValue <= 0 {
		want.MaxValue = DefaultMaxValue
	}
	s.want, s.emit, s.in.max = want, emit, want.MaxValue
	s.found = &s.own
}

// open takes up a document that is in memory: the decoder takes its bytes as they are. Release it.
func (s *Splitter) open(doc []byte, want Wanted, emit func(raw []byte) error) {
	s.begin(&s.doc, want, emit)
	s.doc = *bytes.NewBuffer(doc)
}

// release forgets the document.
func (s *Splitter) release() {
	s.doc, s.in.mark, s.base = bytes.Buffer{}, 0, 0
	s.want, s.emit, s.found, s.own = Wanted{}, nil, nil, Found{}
	s.walks = s.walks[:0]
	s.dec.Reset(&s.doc, repeats)
}

// document walks the one document and makes sure that nothing follows it.
func (s *Splitter) document() error {
	if err := s.value(0, s.all()); err != nil {
		return err
	}
	if kind := s.dec.PeekKind(); kind != jsontext.KindInvalid {
		return s.malformed("", errTrailing)
	}
	if _, err := s.dec.ReadToken(); err != io.EOF {
		return err
	}
	return nil
}

// start reports whether there is nothing but white space.
func (s *Splitter) start() (blank bool, err error) {
	if s.dec.PeekKind() != jsontext.KindInvalid {
		return false, nil
	}
	_, err = s.dec.ReadToken() // hands over the error that PeekKind kept
	if err == io.EOF {
		return true, nil
	}
	return false, err
}
