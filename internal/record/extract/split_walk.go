package extract

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/record"
)

// data is the index of Wanted.Data among the pointers of a walk; those of Wanted.Root are 0 and up.
const data = -1

// splitter walks down a document along the wanted pointers only; all else is checked and skipped.
type splitter struct {
	in    gauge
	dec   *jsontext.Decoder
	base  int64 // where the decoder's input begins in the document
	want  *Wanted
	emit  func(raw []byte) error
	found *Found
	name  []byte // the object name or array index read last, unquoted
}

// all lists every wanted pointer.
func (s *splitter) all() []int {
	walk := []int{data}
	for i := range s.want.Root {
		walk = append(walk, i)
	}
	return walk
}

func (s *splitter) pointer(i int) Pointer {
	if i == data {
		return s.want.Data
	}
	return s.want.Root[i]
}

// value reads the next value. All pointers of walk lead to it or through it; depth is the number of their tokens used.
func (s *splitter) value(depth int, walk []int) error {
	if len(walk) == 0 {
		return s.skip()
	}
	var ends, through []int
	var records bool
	for _, i := range walk {
		switch {
		case len(s.pointer(i).tokens) > depth:
			through = append(through, i)
		case i == data:
			records = true
		default:
			ends = append(ends, i)
		}
	}
	switch {
	case len(ends) > 0:
		if records {
			through = append(through, data)
		}
		return s.keep(depth, ends, through)
	case records:
		return s.records(depth, through)
	}
	return s.descend(depth, through)
}

// keep stores the next value for the pointers that end at it. What else is wanted inside is looked for in the copy.
func (s *splitter) keep(depth int, ends, inside []int) error {
	raw, err := s.read(depth)
	if err != nil {
		return err
	}
	raw = bytes.Clone(raw)
	if s.found.Root == nil {
		s.found.Root = make(map[string]record.Value, len(s.want.Root))
	}
	for _, i := range ends {
		s.found.Root[s.pointer(i).text] = record.Value(raw)
	}
	return s.inside(raw, depth, inside)
}

// inside walks a value that was read last.
func (s *splitter) inside(raw []byte, depth int, walk []int) error {
	if len(walk) == 0 {
		return nil
	}
	sub := splitterOf(raw, *s.want, s.emit)
	sub.base, sub.found = s.offset()-int64(len(raw)), s.found
	if err := sub.value(depth, walk); err != nil {
		return sub.explain(err)
	}
	return nil
}

// records hands out the records at Wanted.Data; walk are the pointers that lead on into them.
func (s *splitter) records(depth int, walk []int) error {
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
func (s *splitter) elements(depth int, walk []int) error {
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
		if err := s.inside(raw, depth+1, s.matching(depth, walk)); err != nil {
			return err
		}
	}
	_, err := s.dec.ReadToken()
	return err
}

// descend goes one level down; walk are pointers that all lead further.
func (s *splitter) descend(depth int, walk []int) error {
	switch s.dec.PeekKind() {
	case jsontext.KindBeginObject:
		return s.members(depth, walk)
	case jsontext.KindBeginArray:
		return s.items(depth, walk)
	}
	return s.skip()
}

// members goes through an object that wanted pointers lead into.
func (s *splitter) members(depth int, walk []int) error {
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	seen := make(map[int]bool, len(walk))
	for s.dec.PeekKind() != jsontext.KindEndObject {
		if err := s.member(); err != nil {
			return err
		}
		next := s.matching(depth, walk)
		for _, i := range next {
			if seen[i] {
				return s.malformed(s.pointer(i).text, errAmbiguous)
			}
			seen[i] = true
		}
		if err := s.value(depth+1, next); err != nil {
			return err
		}
	}
	_, err := s.dec.ReadToken()
	return err
}

// member reads an object name.
func (s *splitter) member() error {
	raw, err := s.dec.ReadValue()
	if err != nil {
		return err
	}
	s.name, err = jsontext.AppendUnquote(s.name[:0], raw)
	return err
}

// items goes through an array that wanted pointers lead into by index.
func (s *splitter) items(depth int, walk []int) error {
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	for i := 0; s.dec.PeekKind() != jsontext.KindEndArray; i++ {
		s.name = strconv.AppendInt(s.name[:0], int64(i), 10)
		if err := s.value(depth+1, s.matching(depth, walk)); err != nil {
			return err
		}
	}
	_, err := s.dec.ReadToken()
	return err
}

// matching are the pointers of walk whose next token is the name or index just read.
func (s *splitter) matching(depth int, walk []int) []int {
	var next []int
	for _, i := range walk {
		if s.pointer(i).tokens[depth] == string(s.name) {
			next = append(next, i)
		}
	}
	return next
}
