package form

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// Pair is one entry of a list.
type Pair struct{ Name, Value string }

// Pairs splits text at the separator and each entry at the first mark. Blanks around names and values do not count; an
// empty entry is none.
func Pairs(text, separator, mark string) ([]Pair, error) {
	var pairs []Pair
	for i, entry := range strings.Split(text, separator) {
		name, value, found := strings.Cut(entry, mark)
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case strings.TrimSpace(entry) == "":
			continue
		case name == "" || (!found && mark == ":"):
			return nil, property.Problem{
				Text: fmt.Sprintf("has no name%svalue as entry %d", mark, i+1),
				Hint: fmt.Sprintf("write name%svalue entries separated by %s; the .separator property changes that", mark, separator),
			}
		}
		pairs = append(pairs, Pair{name, value})
	}
	return pairs, nil
}

var headerName = regexp.MustCompile("^[a-zA-Z0-9!#$%&'*+.^_`|~-]+$")

// Headers splits a list of headers. dropped names those that belong to the connection: a wrong one breaks every request.
func Headers(text, separator string) (headers []Pair, dropped []string, err error) {
	pairs, err := Pairs(text, separator, ":")
	for i, p := range pairs {
		switch {
		case !headerName.MatchString(p.Name):
			return nil, nil, property.Problem{
				Text: fmt.Sprintf("has an entry %d whose name is no header name", i+1), Detail: p.Name,
				Hint: "header names have letters, digits and - only",
			}
		case HasControl(p.Value):
			return nil, nil, property.Problem{
				Text: fmt.Sprintf("has a line break or control character in entry %d", i+1), Hint: "remove it",
			}
		}
		switch strings.ToLower(p.Name) {
		case "content-length", "transfer-encoding", "connection":
			dropped = append(dropped, p.Name)
		default:
			headers = append(headers, p)
		}
	}
	return headers, dropped, err
}
