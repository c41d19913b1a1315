package extract

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/record"
)

// data is the index of Wanted.Data among the pointers of a walk; those of Wanted.Root are 0 and up.
const data = -1

// Splitter splits documents that are in memory, one after the other. What it needs beside a document it keeps for the next.
// The zero value is ready. It is not safe for concurrent use.
//
// It walks down a document along the wanted pointers only; all else is checked and skipped.
type Splitter struct {
	in    gauge
	doc   bytes.Buffer // the document, if it is in memory
	dec   jsontext.Decoder
	base  int64 // where the decoder's input begins in the document
	want  Wanted
	emit  func(raw []byte) error
	found *Found
	own   Found
	name  []byte    // the object name or array index read last, unquoted
	walks []int     // the pointers of every level of the walk, one level behind the other
	inner *Splitter // of values that are looked into once more
}

// all lists every wanted pointer.
func (s *Splitter) all() []int {
	s.walks = append(s.walks[:0], data)
	for i := range s.want.Root {
		s.walks = append(s.walks, i)
	}
	return s.walks
}

func (s *Splitter) pointer(i int) *Pointer {
	if i == data {
		return &s.want.Data
	}
	return &s.want.Root[i]
}

// ends reports whether pointer i ends at the value depth levels down that it leads to.
func (s *Splitter) ends(i, depth int) bool { return len(s.pointer(i).tokens) == depth }

// value reads the next value. All pointers of walk lead to it or through it; depth is the number of their tokens used.
func (s *Splitter) value(depth int, walk []int) error {
	var kept, records, through bool
	for _, i := range walk {
		switch {
		case !s.ends(i, depth):
			through = true
		case i == data:
			records = true
		default:
			kept = true
		}
	}
	switch {
	case kept:
		return s.keep(depth, walk)
	case records:
		return s.records(depth, slices.DeleteFunc(walk, func(i int) bool { return i == data }))
	case through:
		return s.descend(depth, walk)
	}
	return s.skip()
}

// keep stores the next value for the pointers of walk that end at it, unless it is Data's. What else is wanted inside is
// looked for in the copy.
func (s *Splitter) keep(depth int, walk []int) error {
	raw, err := s.read(depth)
	if err != nil {
		return err
	}
	raw = bytes.Clone(raw)
	if s.found.Root == nil {
		s.found.Root = make(map[string]record.Value, len(s.want.Root))
	}
	for _, i := range walk {
		if i != data && s.ends(i, depth) {
			s.found.Root[s.pointer(i).text] = record.Value(raw)
		}
	}
	return s.inside(raw, depth, slices.DeleteFunc(walk, func(i int) bool { return i != data && s.ends(i, depth) }))
}

// inside walks a value that was read last.
func (s *Splitter) inside(raw []byte, depth int, walk []int) error {
	if len(walk) == 0 {
		return nil
	}
	if s.inner == nil {
		s.inner = &Splitter{}
	}
	sub := s.inner
	sub.open(raw, s.want, s.emit)
	defer sub.release()
	sub.base, sub.found = s.offset()-int64(len(raw)), s.found
	if err := sub.value(depth, walk); err != nil {
		return sub.explain(err)
	}
	return nil
}

// records hands out the records at Wanted.Data; walk are the pointers that lead on into them.
func (s *Splitter) records(depth int, walk []int) error {
	switch s.dec.PeekKind() {
	case jsontext.KindNull:
		return s.skip()
	case jsontext.KindBeginArray:
		return s.elements(depth, walk)
	}
	raw, err := s.read(depth)
	if err != nil {
		return err
	}
	s.found.Data = true
	s.found.Records++
	if err := s.emit(raw); err != nil {
		return err
	}
	return s.inside(raw, depth, walk)
}

// elements is the hot path: one turn a record.
func (s *Splitter) elements(depth int, walk []int) error {
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	s.found.Data = true
	for i := 0; s.dec.PeekKind() != jsontext.KindEndArray; i++ {
		raw, err := s.read(depth + 1)
		if err != nil {
			return err
		}
		s.found.Records++
		if err := s.emit(raw); err != nil {
			return err
		}
		if len(walk) == 0 {
			continue
		}
		s.name = strconv.AppendInt(s.name[:0], int64(i), 10)
		next := s.matching(depth, walk)
		if err := s.inside(raw, depth+1, next); err != nil {
			return err
		}
		s.done(next)
	}
	_, err := s.dec.ReadToken()
	return err
}

// descend goes one level down; walk are pointers that all lead further.
func (s *Splitter) descend(depth int, walk []int) error {
	switch s.dec.PeekKind() {
	case jsontext.KindBeginObject:
		return s.members(depth, walk)
	case jsontext.KindBeginArray:
		return s.items(depth, walk)
	}
	return s.skip()
}

// members goes through an object that wanted pointers lead into.
func (s *Splitter) members(depth int, walk []int) error {
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	seen := make([]bool, 1+len(s.want.Root))
	for s.dec.PeekKind() != jsontext.KindEndObject {
		if err := s.member(); err != nil {
			return err
		}
		next := s.matching(depth, walk)
		for _, i := range next {
			if seen[i-data] {
				return s.malformed(s.pointer(i).text, errAmbiguous)
			}
			seen[i-data] = true
		}
		if err := s.value(depth+1, next); err != nil {
			return err
		}
		s.done(next)
	}
	_, err := s.dec.ReadToken()
	return err
}

// member reads an object name.
func (s *Splitter) member() error {
	raw, err := s.dec.ReadValue()
	if err != nil {
		return err
	}
	if bare := raw[1 : len(raw)-1]; bytes.IndexByte(bare, '\\') < 0 {
		s.name = append(s.name[:0], bare...)
		return nil
	}
	s.name, err = jsontext.AppendUnquote(s.name[:0], raw)
	return err
}

// items goes through an array that wanted pointers lead into by index.
func (s *Splitter) items(depth int, walk []int) error {
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	for i := 0; s.dec.PeekKind() != jsontext.KindEndArray; i++ {
		s.name = strconv.AppendInt(s.name[:0], int64(i), 10)
		next := s.matching(depth, walk)
		if err := s.value(depth+1, next); err != nil {
			return err
		}
		s.done(next)
	}
	_, err := s.dec.ReadToken()
	return err
}

// matching are the pointers of walk whose next token is the name or index just read. Give them back with done.
func (s *Splitter) matching(depth int, walk []int) []int {
	from := len(s.walks)
	for _, i := range walk {
		if s.pointer(i).tokens[depth] == string(s.name) {
			s.walks = append(s.walks, i)
		}
	}
	return s.walks[from:]
}

// done gives back what matching returned last.
func (s *Splitter) done(next []int) { s.walks = s.walks[:len(s.walks)-len(next)] }
