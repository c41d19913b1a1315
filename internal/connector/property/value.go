package property

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Value is a property's value, checked against its row. Text is always set: trimmed, and for a Choice its documented name.
type Value struct {
	Text   string
	Int    int64 // Int and Long
	Bool   bool  // Boolean
	Choice int   // index into Row.Choices
}

// Problem is what is wrong with a value.
type Problem struct {
	Text string // a sentence about the property; quotes nothing of the value
	// Detail quotes from the value; it is left out where the value must not be seen.
	Detail string
	Hint   string // what to write instead
}

// Error implements error.
func (p Problem) Error() string { return p.Text + p.detail() + " (" + p.Hint + ")" }

func (p Problem) detail() string {
	if p.Detail == "" {
		return ""
	}
	return ": " + p.Detail
}

// read checks text, which is trimmed and not empty, against the row.
func (r Row) read(text string) (Value, error) {
	switch {
	case len(r.Choices) > 0:
		return r.readChoice(text)
	case r.Type == Int || r.Type == Long:
		return r.readNumber(text)
	case r.Type == Boolean:
		b, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil || len(text) < len("true") {
			return Value{}, Problem{Text: "is not a boolean", Hint: "write true or false"}
		}
		return Value{Text: strconv.FormatBool(b), Bool: b}, nil
	}
	return Value{Text: text}, nil
}

func (r Row) readChoice(text string) (Value, error) {
	var names []string
	for i, c := range r.Choices {
		names = append(names, c.Name)
		for _, name := range append([]string{c.Name}, c.Also...) {
			if fold(name) == fold(text) {
				return Value{Text: c.Name, Choice: i}, nil
			}
		}
	}
	hint := "write " + r.Expects()
	if near := Nearest(text, names); near != "" {
		hint = "did you mean " + near + "? Valid is " + r.Expects()
	}
	return Value{}, Problem{Text: "is not a valid value", Hint: hint}
}

func (r Row) readNumber(text string) (Value, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Value{}, Problem{Text: "is not a whole number", Hint: "write " + r.Expects()}
	}
	if lo, hi := r.bounds(); n < lo || n > hi {
		return Value{}, Problem{Text: "is out of range", Hint: "write " + r.Expects()}
	}
	return Value{Text: strconv.FormatInt(n, 10), Int: n}, nil
}

func (r Row) bounds() (lo, hi int64) {
	switch {
	case r.Max != 0:
		return r.Min, r.Max
	case r.Type == Int:
		return r.Min, math.MaxInt32
	}
	return r.Min, math.MaxInt64
}

// Expects says in words which values are valid; empty when any text is.
func (r Row) Expects() string {
	switch {
	case r.Valid != "":
		return r.Valid
	case len(r.Choices) > 0:
		return choiceNames(r.Choices)
	case r.Type == Boolean:
		return "true or false"
	case r.Type == Int || r.Type == Long:
		return r.numbers()
	}
	return ""
}

func (r Row) numbers() string {
	if r.Max == 0 {
		return fmt.Sprintf("a whole number, at least %d", r.Min)
	}
	return fmt.Sprintf("a whole number from %d to %d", r.Min, r.Max)
}

func choiceNames(choices []Choice) string {
	var names []string
	for _, c := range choices {
		if c.NotYet == "" {
			names = append(names, c.Name)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + strings.Join(names, ", ")
}

// fold makes all spellings of an enumeration's value equal: case, blanks, - and _ do not matter.
func fold(s string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToUpper(s))
}
