package settings

import "strings"

// login is what one entry of a JAAS configuration says.
type login struct{ module, user, password string }

// parseJAAS reads: module flag name="value" …; with quotes of either kind, which may hold escaped quotes.
func parseJAAS(text string) (login, bool) {
	words, ok := jaasWords(text)
	if !ok || len(words) < 2 {
		return login{}, false
	}
	l := login{module: words[0]}
	for _, option := range words[2:] {
		name, value, found := strings.Cut(option, "=")
		if !found {
			return login{}, false
		}
		switch name {
		case "username":
			l.user = value
		case "password":
			l.password = value
		}
	}
	return l, true
}

// jaasWords splits at blanks outside quotes, up to the semicolon that ends the entry.
func jaasWords(text string) ([]string, bool) {
	var words []string
	var word strings.Builder
	quote := rune(0)
	escaped := false
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for i, c := range text {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case quote != 0 && c == '\\':
			escaped = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '"' || c == '\'':
			quote = c
		case c == ';':
			flush()
			return words, strings.TrimSpace(text[i+1:]) == ""
		case strings.ContainsRune(" \t\r\n", c):
			flush()
		default:
			word.WriteRune(c)
		}
	}
	return nil, false
}
