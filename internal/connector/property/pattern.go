package property

import "strings"

// Match returns the row whose pattern fits name, and the part of name that * stands for.
func Match(rows []Row, name string) (row Row, rest string, ok bool) {
	for _, row := range rows {
		if rest, ok := fit(row.Name, name); ok {
			return row, rest, true
		}
	}
	return Row{}, "", false
}

func isPattern(name string) bool { return strings.HasSuffix(name, "*") }

// fit matches name against a pattern: <alias> is one segment, a last * the rest, which is not empty.
func fit(pattern, name string) (rest string, ok bool) {
	if !isPattern(pattern) {
		return "", false
	}
	for {
		want, more, _ := strings.Cut(pattern, ".")
		if want == "*" {
			return name, name != ""
		}
		have, left, found := strings.Cut(name, ".")
		if !found || (want != have && !strings.HasPrefix(want, "<")) {
			return "", false
		}
		pattern, name = more, left
	}
}
