package form

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
	"github.com/headwater/headwater/internal/record/extract"
)

// Pointer reads a JSON Pointer.
func Pointer(text string) (extract.Pointer, error) {
	p, err := extract.ParsePointer(text)
	if err != nil {
		return p, property.Problem{
			Text: "is not a JSON Pointer", Detail: err.Error(),
			Hint: "write the steps with a / before each, as /data/items; ~1 stands for a / within a name, ~0 for a ~",
		}
	}
	return p, nil
}

// ValidSources says what Sources takes.
const ValidSources = "name:source entries separated by commas, as customer_id:id,country:/address/country"

// Sources reads a list of names and of where their values are in a parent record.
func Sources(text string) ([]Pair, error) {
	list, err := Pairs(text, ",", ":")
	if p, bad := errors.AsType[property.Problem](err); bad {
		p.Hint = "write " + ValidSources
		return nil, p
	}
	for i, f := range list {
		if !Source(f.Value) || HasControl(f.Name) {
			return nil, property.Problem{Text: fmt.Sprintf("has no usable name and source as entry %d", i+1), Hint: "write " + ValidSources}
		}
		if slices.ContainsFunc(list[:i], func(g Pair) bool { return g.Name == f.Name }) {
			return nil, property.Problem{Text: "has the same name twice", Detail: f.Name, Hint: "give each value a name of its own"}
		}
	}
	return list, nil
}

// Field reports whether a placeholder may stand for a value of a parent record. A name with a colon is more likely a
// provider reference that nobody resolved; as a JSON Pointer, /a:b, it is taken.
func Field(name string) bool {
	return Source(name) && (name[0] == '/' || !strings.Contains(name, ":"))
}

// Source reports whether text names a value of a parent record: a field, a dotted path, or a JSON Pointer that is one.
func Source(text string) bool {
	if strings.HasPrefix(text, "/") {
		if _, err := extract.ParsePointer(text); err != nil {
			return false
		}
	}
	return text != "" && !HasControl(text)
}
