package extract

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Malformed says that a document is not the JSON that was asked for: the same bytes would be refused again.
type Malformed struct {
	// Offset is the byte, counted from 0, at or behind which the fault is.
	Offset int64
	// Pointer is where the fault is as a JSON Pointer, as far as it is known.
	Pointer string
	// Err is the fault.
	Err error
}

// Error implements error.
func (e *Malformed) Error() string {
	msg := fmt.Sprintf("invalid JSON at byte %d", e.Offset)
	if e.Pointer != "" {
		msg += fmt.Sprintf(" (in %q)", cut(e.Pointer))
	}
	return fmt.Sprintf("%s: %v", msg, e.Err)
}

// Unwrap returns the fault.
func (e *Malformed) Unwrap() error { return e.Err }

var (
	errTrailing  = errors.New("more data follows the document")
	errAmbiguous = errors.New("two values stand at this pointer: a name is repeated")
	errTooDeep   = fmt.Errorf("nested deeper than %d levels", MaxDepth)
	errTooLong   = errors.New("a value is too long")
)

// malformed reports a fault at the place reached.
func (s *Splitter) malformed(pointer string, err error) error {
	return &Malformed{Offset: s.offset(), Pointer: pointer, Err: err}
}

// offset is how far the document has been read.
func (s *Splitter) offset() int64 { return s.base + s.in.mark + s.dec.InputOffset() }

// explain turns what the decoder says into an error of ours.
func (s *Splitter) explain(err error) error {
	var syntax *jsontext.SyntacticError
	var ours *Malformed
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.Is(err, errTooLong):
		most := fmt.Errorf("a single value longer than %d bytes", s.want.MaxValue)
		return s.malformed(string(s.dec.StackPointer()), most)
	case s.in.err != nil && s.in.err != io.EOF && errors.Is(err, s.in.err):
		return fmt.Errorf("read JSON document after byte %d: %w", s.in.n, s.in.err)
	case errors.As(err, &syntax) && syntax.Err == io.ErrUnexpectedEOF:
		return fmt.Errorf("JSON document cut short after byte %d: %w", s.offset(), io.ErrUnexpectedEOF)
	case errors.As(err, &syntax):
		at := s.base + s.in.mark + syntax.ByteOffset
		return &Malformed{Offset: at, Pointer: string(syntax.JSONPointer), Err: syntax.Err}
	case err == io.EOF:
		return fmt.Errorf("JSON document cut short after byte %d: %w", s.offset(), io.ErrUnexpectedEOF)
	}
	return err // emit's
}

// cut shortens a pointer for a message.
func cut(pointer string) string {
	const most = 100
	if len(pointer) > most {
		return pointer[:most] + "..."
	}
	return pointer
}
