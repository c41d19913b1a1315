package form

import "strings"

// Placeholders returns the names of all ${name} in text, in order. Anything else with a $ is literal.
func Placeholders(text string) []string {
	var names []string
	for {
		_, after, ok := strings.Cut(text, "${")
		if !ok {
			return names
		}
		name, rest, ok := strings.Cut(after, "}")
		if ok && name != "" && !strings.ContainsAny(name, "{\"\n") {
			names = append(names, name)
			after = rest
		}
		text = after
	}
}
