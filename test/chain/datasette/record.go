package datasette

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/test/chain/tree"
)

// record is a record of the tree as a row. Branch is the column that leaves are found by and that is not shown.
type record struct {
	Level   string          `json:"level"`
	ID      string          `json:"id"`
	Changed int64           `json:"changed,omitempty"`
	Root    string          `json:"root,omitempty"`
	Branch  string          `json:"branch,omitempty"`
	Text    json.RawMessage `json:"text"`
}

// parse takes a record of the tree. A text that is an object becomes a string, for no column holds an object.
func parse(raw []byte) (r record, err error) {
	if err = json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("%s: %w", raw, err)
	}
	if r.Level == tree.Leaf { // l7.3.1 is of b7.3
		r.Branch = "b" + r.ID[1:strings.LastIndexByte(r.ID, '.')]
	}
	if r.Text[0] == '{' {
		r.Text, err = jsontext.AppendQuote(nil, r.Text)
	}
	return r, err
}

// root is the number in an id: r7, b7.3 and l7.3.1 are below root 7.
func (r record) root() (n int, err error) {
	if _, err = fmt.Sscanf(r.ID[1:], "%d", &n); err != nil {
		err = fmt.Errorf("the id %q: %w", r.ID, err)
	}
	return n, err
}

// row is a line for the load script.
func (r record) row() ([]byte, error) {
	line, err := json.Marshal(r)
	return append(line, '\n'), err
}

// served is the record as Datasette answers it, byte for byte: the columns in the table's order, as Python's json.dumps
// writes them, with blanks behind colons and commas and in ASCII.
func (r record) served() []byte {
	own := ""
	switch r.Level {
	case tree.Root:
		own = fmt.Sprintf(`"changed": %d, `, r.Changed)
	case tree.Branch:
		own = fmt.Sprintf(`"root": "%s", `, r.Root)
	}
	return ascii(fmt.Sprintf(`{"level": "%s", "id": "%s", %s"text": %s}`, r.Level, r.ID, own, r.Text))
}

// ascii escapes all other characters, which are in strings.
func ascii(text string) (out []byte) {
	for _, r := range text {
		switch {
		case r <= '~':
			out = append(out, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
